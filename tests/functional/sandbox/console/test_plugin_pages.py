"""Plugin Configuration Management: the fields of BioT's own page, and what they do."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.console.documented_fields import ROW_ACTIONS, STEPS, fields_of
from tests.functional.sandbox.console.conftest import Page

if TYPE_CHECKING:
    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.running_sandbox import Sandbox

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "'; DROP TABLE plugins; --"]


def fields(name: str, **changes: str) -> dict[str, str]:
    return {"name": name, "displayName": "Age", "version": "1", "runtime": "python3.13", **changes}


def code(text: str = "def handler(event, context):\n    return {}\n") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("index.py", text)
    return file.getvalue()


def plugin_of(sandbox: Sandbox, name: str) -> dict[str, Any]:
    body: dict[str, Any] = sandbox.call("GET", f"/settings/v2/plugins/{name}", token=sandbox.token()).body
    return body


def problems_of(response: httpx.Response) -> dict[str, str]:
    found = re.findall(r'class="problem" id="problem-([^"]+)">([^<]*)<', response.text)
    return dict(found)


@pytest.mark.parametrize("step", STEPS)
def test_the_form_has_the_documented_fields_in_their_order(browser: Browser, step: str) -> None:
    html = browser.get("/plugins/new").html
    section = html.partition(f">{step}</h2>")[2].partition("</section>")[0]
    text = re.sub(r"\s+", " ", " ".join(Page(f"<div>{section}</div>").labels))

    position = -1
    for field in fields_of(step):
        found = re.compile(rf"(?<![\w)]){re.escape(field.label)}(?![\w(])( \*)?").search(text, position + 1)
        assert found is not None, f"{field.label} is missing after position {position} of {text}"
        assert bool(found[1]) == field.required, field.label
        position = found.start()


def test_the_form_has_the_documented_defaults(browser: Browser) -> None:
    defaults = {field.name: field.default for step in STEPS for field in fields_of(step) if field.default}

    assert defaults
    assert {name: browser.get("/plugins/new").fields[name] for name in defaults} == defaults


def test_only_the_fields_of_one_package_type_are_marked_with_it(browser: Browser) -> None:
    marked = re.findall(r'data-package-type="(\w+)">\s*<label for="([^"]+)"', browser.get("/plugins/new").html)

    documented = {field.name: field.package_type for step in STEPS for field in fields_of(step) if field.package_type}
    assert {name: package_type for package_type, name in marked} == documented


def test_each_row_has_the_documented_actions(sandbox: Sandbox, browser: Browser) -> None:
    browser.send("/plugins/new", fields("menu"))
    (link,) = (link for link in browser.get("/plugins?text=menu").links if link.endswith("/actions"))
    page = browser.get(link.removeprefix("/console"))
    part = browser.client.get(f"{link}?part").text

    assert part in page.html
    positions = [page.text.index(action) for action in ROW_ACTIONS]
    assert positions == sorted(positions)
    assert plugin_of(sandbox, "menu")["endpointUrl"] in part


def test_a_plugin_is_created_with_every_field(sandbox: Sandbox, browser: Browser) -> None:
    response = browser.send(
        "/plugins/new",
        fields(
            "complete",
            enabledState="DISABLED",
            timeout="30",
            memorySize="256",
            ephemeralStorage="1024",
            analyticsDbAccess="true",
            cronSchedule="0 8 * * ? *",
            **{
                "environmentVariables.0.key": "LEVEL",
                "environmentVariables.0.value": "debug",
                "cors.allowOrigins": "https://a.example.com, https://b.example.com",
                "notifications.0.entityTypeName": "patient",
                "notifications.0.actionName": "_create",
                "notifications.0.templateName": "nurse",
                "interceptions.0.type": "PRE_REQUEST",
                "interceptions.0.apiId": "POST/organization/v1/users/patients/templates/nurse",
                "interceptions.0.order": "7",
                "interceptions.1.type": "ADAPT_ENTITY",
                "interceptions.1.apiId": "patient",
            },
        ),
        code(),
    )

    assert response.status_code == httpx.codes.SEE_OTHER, problems_of(response)
    plugin = plugin_of(sandbox, "complete")
    assert plugin["enabledState"] == "DISABLED"
    assert (plugin["timeout"], plugin["memorySize"], plugin["ephemeralStorage"]) == (30, 256, 1024)
    assert plugin["analyticsDbAccess"] is True
    assert plugin["cronSchedule"] == "0 8 * * ? *"
    assert plugin["environmentVariables"]["LEVEL"] == "debug"
    assert plugin["cors"]["allowOrigins"] == ["https://a.example.com", "https://b.example.com"]
    assert plugin["subscriptions"]["notifications"] == [
        {"entityTypeName": "patient", "actionName": "_create", "templateName": "nurse"}
    ]
    first, second = plugin["subscriptions"]["interceptions"]
    assert (first["type"], first["order"], first["apiId"][-5:]) == ("PRE_REQUEST", 7, "nurse")
    assert (second["type"], second["entityTypeName"]) == ("ADAPT_ENTITY", "patient")


def test_the_edit_form_shows_what_is_there_and_saving_it_changes_nothing(sandbox: Sandbox, browser: Browser) -> None:
    browser.send("/plugins/new", fields("same", cronSchedule="0 8 * * ? *", memorySize="512"), code())
    before = plugin_of(sandbox, "same")

    response = browser.send("/plugins/same", {})

    assert response.status_code == httpx.codes.SEE_OTHER, problems_of(response)
    after = plugin_of(sandbox, "same")
    assert {**after, "lastModifiedTime": ""} == {**before, "lastModifiedTime": ""}


def test_an_emptied_schedule_is_removed(sandbox: Sandbox, browser: Browser) -> None:
    browser.send("/plugins/new", fields("unscheduled", cronSchedule="0 8 * * ? *"))

    browser.send("/plugins/unscheduled", {"cronSchedule": ""})

    assert "cronSchedule" not in plugin_of(sandbox, "unscheduled")


def test_new_code_needs_a_new_version_as_in_the_api(sandbox: Sandbox, browser: Browser) -> None:
    browser.send("/plugins/new", fields("versions"), code())

    refused = browser.send("/plugins/versions", {}, code("def handler(event, context):\n    return 1\n"))
    saved = browser.send("/plugins/versions", {"version": "2"}, code("def handler(event, context):\n    return 1\n"))

    assert refused.status_code == httpx.codes.BAD_REQUEST
    assert "version must be larger than 1" in refused.text
    assert saved.status_code == httpx.codes.SEE_OTHER
    assert plugin_of(sandbox, "versions")["version"] == 2


def test_all_problems_are_shown_at_once_each_beside_its_field(browser: Browser) -> None:
    response = browser.send(
        "/plugins/new",
        fields(
            "not a name",
            displayName="",
            version="1.2.3",
            timeout="9999",
            cronSchedule="every day",
            **{
                "environmentVariables.0.key": "AWS_REGION",
                "environmentVariables.0.value": "x",
                "notifications.0.entityTypeName": "patient",
                "notifications.0.actionName": "_explode",
                "interceptions.0.type": "PRE_REQUEST",
                "interceptions.0.apiId": "organization/v1/users/patients",
            },
        ),
    )

    assert response.status_code == httpx.codes.BAD_REQUEST
    problems = problems_of(response)
    assert {"name", "displayName", "version", "timeout", "cronSchedule"} <= problems.keys()
    assert "notifications.0.actionName" in problems
    assert "interceptions.0.apiId" in problems
    assert "environmentVariables.0" in problems
    assert problems["timeout"] == "timeout must be a whole number from 1 to 900."
    shown = Page(response.text).fields
    assert (shown["name"], shown["version"], shown["timeout"]) == ("not a name", "1.2.3", "9999")


def test_a_row_can_be_added_without_scripts_and_nothing_is_saved(sandbox: Sandbox, browser: Browser) -> None:
    row = {"notifications.0.entityTypeName": "patient", "notifications.0.actionName": "_create"}

    response = browser.send("/plugins/new", fields("rows", addRow="notifications", **row))

    page = Page(response.text)
    assert page.fields["notifications.0.actionName"] == "_create"
    assert "notifications.1.actionName" in page.fields
    assert sandbox.call("GET", "/settings/v2/plugins/rows", token=sandbox.token()).status == httpx.codes.NOT_FOUND


def test_a_plugin_is_disabled_and_enabled_again(sandbox: Sandbox, browser: Browser) -> None:
    browser.send("/plugins/new", fields("switch"))
    token = browser.get("/plugins/new").fields["formToken"]

    for state in ("DISABLED", "ENABLED"):
        fields_ = {"formToken": token, "enabledState": state}
        browser.client.post("/console/plugins/Plugin-switch/state", data=fields_)
        assert plugin_of(sandbox, "switch")["enabledState"] == state


def test_a_plugin_is_deleted_only_with_its_name(sandbox: Sandbox, browser: Browser) -> None:
    browser.send("/plugins/new", fields("doomed"))

    refused = browser.send("/plugins/doomed/delete", {"name": "other"})
    assert refused.status_code == httpx.codes.BAD_REQUEST
    assert plugin_of(sandbox, "doomed")["displayName"] == "Age"
    browser.send("/plugins/doomed/delete", {"name": "doomed"})

    assert sandbox.call("GET", "/settings/v2/plugins/doomed", token=sandbox.token()).status == httpx.codes.NOT_FOUND


def test_the_list_has_the_search_filter_and_sort_of_the_api(browser: Browser) -> None:
    for name, state in (("list-a", "ENABLED"), ("list-b", "DISABLED"), ("list-c", "ENABLED")):
        browser.send("/plugins/new", fields(name, displayName=f"Zebra {name}", enabledState=state))

    def names(query: str) -> list[str]:
        return re.findall(r">(?:Plugin-)?(list-[a-c])</a></th>", browser.get(f"/plugins?text=zebra&{query}").html)

    assert names("sort=name&order=ASC") == ["list-a", "list-b", "list-c"]
    assert names("sort=name&order=DESC") == ["list-c", "list-b", "list-a"]
    assert names("state=DISABLED") == ["list-b"]
    assert names("state=DISABLED&sort=nonsense&order=nonsense") == ["list-b"]


@pytest.mark.exhaustive
def test_every_plugin_can_be_reached(sandbox: Sandbox, browser: Browser) -> None:
    headers = {"authorization": f"Bearer {sandbox.token()}"}
    for number in range(101):
        config = json.dumps({**fields(f"many-{number}"), "version": 1})
        files = {"config": (None, config)}
        httpx.post(f"{sandbox.base_url}/settings/v2/plugins", headers=headers, files=files).raise_for_status()

    first = browser.get("/plugins?text=many-")
    (link,) = [link for link in first.links if "page=1" in link]
    second = browser.get(f"/plugins{link}")

    found = re.findall(r">(?:Plugin-)?(many-\d+)</a></th>", first.html + second.html)
    assert len(found) == len(set(found)) == 101
    assert "page=0" in " ".join(second.links)


def test_an_empty_list_shows_the_command_that_fills_it(browser: Browser) -> None:
    assert "Show all plugins" in browser.get("/plugins?text=nothing-has-this-name").text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(browser: Browser, text: str) -> None:
    values = {"environmentVariables.0.key": "KEY", "environmentVariables.0.value": text}
    browser.send("/plugins/new", fields("hostile", displayName=text, **values))

    page = browser.get("/plugins/hostile")
    assert page.fields["displayName"] == text
    assert page.fields["environmentVariables.0.value"] == text
    shown = Page(browser.client.get("/console/plugins", params={"text": "", "done": text}).text)
    assert text in " ".join(shown.words)
    assert not [tag for tag, values in shown.elements if tag == "img" or (tag == "script" and not values.get("src"))]
    browser.send("/plugins/hostile/delete", {"name": "hostile"})
