"""From a new plugin to a test of it: create, call, read the chain, compare, replay, save the fixture, run the test."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from benchmarks.console.stories.actions import fill_name, trigger_and_read_the_chain
from tests.support.sandbox.settings_client import zipped

if TYPE_CHECKING:
    from benchmarks.console.browser import OpenConsole

API_ID = "POST/organization/v1/users/patients/templates/{templateName}"
CODE = """import json


def handler(event, context):
    request = json.loads(event["body"])["request"]
    request["body"]["_name"]["firstName"] = "Anna"
    print("renamed")
    return {"statusCode": 200, "body": json.dumps({"request": request})}
"""
EVENTS = """import json
from pathlib import Path


def example(name):
    return json.loads((Path(__file__).parents[2] / "events" / f"{name}.json").read_text())
"""
CONFTEST = "import pytest\n\n\n@pytest.fixture\ndef biot():\n    return None\n"


def from_a_new_plugin_to_a_test_that_passes(console: OpenConsole) -> None:
    """All of it by roles and labels; the copied test runs in pytest with the downloaded fixture."""
    create(console)
    trigger_and_read_the_chain(console)
    page = console.page
    expect(page.get_by_role("group", name="Difference")).to_contain_text('+ "firstName": "Anna"')
    page.get_by_role("tab", name="Logs").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("renamed")
    page.get_by_role("tab", name="Limits").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("Duration:")
    expect(page.get_by_role("list", name="Waterfall")).to_contain_text("initialisation")
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("POST /organization")
    page.get_by_role("tab", name="Event").click()
    with page.expect_download() as download, tempfile.TemporaryDirectory() as folder:
        page.get_by_role("link", name="Save as fixture").first.click()
        project = Path(folder)
        write_project(project, copied_test(console))
        download.value.save_as(project / "events" / download.value.suggested_filename)
        run_its_test(project)


def save_into_a_watched_folder(console: OpenConsole) -> None:
    """Save as fixture writes event and test into the folder that `dev` watches; the test passes."""
    create(console)
    page, sandbox = console.page, console.sandbox
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        write_project(project, "")
        body = {"pluginName": "renamer", "file": str(project / "plugin.toml")}
        assert sandbox.call("POST", "/sandbox/v1/watched-files", token=sandbox.token(), body=body).status < 300
        trigger_and_read_the_chain(console)
        page.get_by_role("tab", name="Event").click()
        page.get_by_role("button", name="Save as fixture").first.click()
        expect(page.get_by_role("status").first).to_contain_text("are written.")
        run_its_test(project)


def run_its_test(project: Path) -> None:
    """Run the tests of a plugin's folder; there is one."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        check=False,
        cwd=project,
        env={"PYTHONPATH": str(project), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def create(console: OpenConsole) -> None:
    """Create a plugin with code that intercepts the creation of patients."""
    page = console.page
    console.go("/plugins/new")
    fill_name(console, "renamer")
    code = {"name": "p.zip", "mimeType": "application/zip", "buffer": zipped({"index.py": CODE})}
    page.get_by_label("Code (ZIP)").set_input_files(code)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Runtime *").select_option("python3.13")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Type *", exact=True).select_option("PRE_REQUEST")
    page.get_by_label("API ID *").fill(API_ID)
    page.get_by_label("Order").fill("5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("renamer is saved.")


def copied_test(console: OpenConsole) -> str:
    """The text that Copy as test puts into the clipboard."""
    console.context.grant_permissions(["clipboard-read", "clipboard-write"])
    console.page.get_by_role("button", name="Copy as test").click()
    expect(console.page.get_by_role("button", name="Copied")).to_be_visible()
    return str(console.page.evaluate("navigator.clipboard.readText()"))


def write_project(folder: Path, test: str) -> None:
    """A plugin's folder with the names that a generated one has."""
    for path, content in {
        "index.py": CODE,
        "events/.keep": "",
        "tests/__init__.py": "",
        "tests/conftest.py": CONFTEST,
        "tests/support/__init__.py": "",
        "tests/support/events.py": EVENTS,
        "tests/test_saved.py": test,
    }.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")


def copied_commands_make_the_same_call(console: OpenConsole) -> None:
    """Copy as curl runs in a shell, and makes the same call."""
    trigger_and_read_the_chain(console)
    page, first = console.page, console.page.url
    console.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    command = str(page.evaluate("navigator.clipboard.readText()"))
    environment = {"TOKEN": console.sandbox.admin_token(), "PATH": "/usr/bin:/bin", "NO_PROXY": "*"}
    ran = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert '"_id"' in ran.stdout, ran.stdout
    console.go("/activity")
    page.get_by_role("row").nth(1).get_by_role("link").click()
    assert page.url != first
    expect(page.get_by_role("heading", level=1)).to_contain_text("POST /organization")


CODE_STORIES = (
    from_a_new_plugin_to_a_test_that_passes,
    save_into_a_watched_folder,
    copied_commands_make_the_same_call,
)
