"""Each field of BioT's page: it is filled in by its label, and the API then has the value. One story for each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from benchmarks.console.stories.actions import fill_name
from tests.support.sandbox.pushed_images import push_tags
from tests.support.sandbox.settings_client import zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.console.browser import OpenConsole

TABS = ("1. Basic Info", "2. Configuration", "3. Subscriptions")
ZIP = zipped({"index.py": "def handler(event, context):\n    return {}\n"})


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field: where it is, what is typed, and what the API has afterwards at a path of keys."""

    label: str
    tab: int
    values: Mapping[str, str]
    path: tuple[str | int, ...]
    expected: object


def text(label: str, tab: int, typed: str, key: str, expected: object) -> Field:
    """A field of its own."""
    return Field(label=label, tab=tab, values={label: typed}, path=tuple(key.split(".")), expected=expected)


NOTIFICATION = {"Entity Type *": "patient", "Action *": "_create", "Template": "nurse"}
INTERCEPTION = {
    "Type *": "PRE_REQUEST",
    "API ID *": "POST/organization/v1/users/patients/templates/{templateName}",
    "Order": "7",
}
FIRST_NOTIFICATION = ("subscriptions", "notifications", 0)
FIRST_INTERCEPTION = ("subscriptions", "interceptions", 0)

IMAGE_TAG = Field(
    label="Image Tag",
    tab=0,
    values={"Deployment Package Type *": "IMAGE", "Image Tag": "v1"},
    path=("deploymentPackageType",),
    expected="IMAGE",
)
"""The API does not return the tag itself."""
FIELDS = (
    text("Name *", 0, "other-name", "displayName", "Field"),
    text("Display Name *", 0, "Shown Name", "displayName", "Shown Name"),
    text("Version *", 0, "7", "version", 7),
    text("State", 0, "DISABLED", "enabledState", "DISABLED"),
    text("Runtime *", 1, "python3.12", "runtime", "python3.12"),
    text("Handler", 1, "app.run", "handler", "app.run"),
    text("Timeout (seconds)", 1, "30", "timeout", 30),
    text("Memory Size (MB)", 1, "256", "memorySize", 256),
    text("Ephemeral Storage (MB)", 1, "1024", "ephemeralStorage", 1024),
    text("Analytics DB Access", 1, "on", "analyticsDbAccess", True),
    Field(
        label="Environment Variables",
        tab=1,
        values={"Name": "LEVEL", "Value": "debug"},
        path=("environmentVariables", "LEVEL"),
        expected="debug",
    ),
    text("CORS Allowed Origins", 1, "https://a.example.com", "cors.allowOrigins", ["https://a.example.com"]),
    text("PUT", 1, "on", "cors.allowMethods", ["GET", "PUT", "POST"]),
    text("CORS Allowed Headers", 1, "x-a, x-b", "cors.allowHeaders", ["x-a", "x-b"]),
    text("CORS Exposed Headers", 1, "x-c", "cors.exposeHeaders", ["x-c"]),
    Field(
        label="Notification",
        tab=2,
        values=NOTIFICATION,
        path=FIRST_NOTIFICATION,
        expected={"entityTypeName": "patient", "actionName": "_create", "templateName": "nurse"},
    ),
    Field(
        label="Interception Type",
        tab=2,
        values=INTERCEPTION,
        path=(*FIRST_INTERCEPTION, "type"),
        expected="PRE_REQUEST",
    ),
    Field(
        label="Interception API ID",
        tab=2,
        values=INTERCEPTION,
        path=(*FIRST_INTERCEPTION, "apiId"),
        expected=INTERCEPTION["API ID *"],
    ),
    Field(label="Interception Order", tab=2, values=INTERCEPTION, path=(*FIRST_INTERCEPTION, "order"), expected=7),
    text("Cron Schedule", 2, "0 8 * * ? *", "cronSchedule", "0 8 * * ? *"),
)


def fill_in(field: Field, console: OpenConsole) -> None:
    """Create a plugin with one field filled in, and read it through the API."""
    page, name = console.page, "other-name" if field.label == "Name *" else "field"
    console.go("/plugins/new")
    fill_name(console, name)
    if field.label == "Name *":
        page.get_by_label("Display Name *").fill("Field")
    page.get_by_role("tab", name=TABS[1]).click()
    page.get_by_label("Runtime *").select_option("python3.13")
    page.get_by_role("tab", name=TABS[field.tab]).click()
    for label, value in field.values.items():
        control = page.get_by_label(label, exact=True).first
        kind = control.evaluate("element => element.type")
        if kind == "checkbox":
            control.check()
        elif kind == "select-one":
            control.select_option(value)
        else:
            control.fill(value)
    page.get_by_role("tab", name=TABS[2]).click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text(f"{name} is saved.")
    found: Any = read_plugin(console, name)
    for key in field.path:
        found = found[key]
    assert found == field.expected, found


def use_pushed_image(console: OpenConsole) -> None:
    """Image Tag takes the tag of an image that was pushed."""
    push_tags(console.sandbox, "v1")
    fill_in(IMAGE_TAG, console)


def upload_code(console: OpenConsole) -> None:
    """Code (ZIP) takes a file."""
    page = console.page
    console.go("/plugins/new")
    fill_name(console, "coded")
    page.get_by_label("Code (ZIP)").set_input_files({"name": "p.zip", "mimeType": "application/zip", "buffer": ZIP})
    page.get_by_role("tab", name=TABS[1]).click()
    page.get_by_label("Runtime *").select_option("python3.13")
    page.get_by_role("tab", name=TABS[2]).click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("coded is saved.")
    assert read_plugin(console, "coded")["deploymentPackageType"] == "ZIP"


def read_plugin(console: OpenConsole, name: str) -> dict[str, Any]:
    """A plugin as the API has it."""
    sandbox = console.sandbox
    body: dict[str, Any] = sandbox.call("GET", f"/settings/v2/plugins/{name}", token=sandbox.token()).body
    return body


def _name(label: str) -> str:
    return "field_" + re.sub(r"[^a-z]+", "_", label.lower()).strip("_")


FIELD_STORIES: Mapping[str, Callable[[OpenConsole], None]] = {
    **{_name(field.label): partial(fill_in, field) for field in FIELDS},
    "field_image_tag": use_pushed_image,
    "field_code": upload_code,
}
