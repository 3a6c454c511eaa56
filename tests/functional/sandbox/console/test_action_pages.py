"""Playground, Cron and replay make things happen, and lead to the page that shows what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.functional.sandbox.console.conftest import Page

if TYPE_CHECKING:
    from tests.functional.sandbox.console.conftest import Browser

SCHEDULED = {
    "name": "scheduled",
    "displayName": "Scheduled",
    "version": "1",
    "runtime": "python3.13",
    "cronSchedule": "0 8 * * ? *",
}


def submit(browser: Browser, page: str, path: str, **fields: str) -> httpx.Response:
    token = browser.get(page).fields["formToken"]
    data = {"formToken": token, **fields}
    return browser.client.post(f"/console{path}", data=data, follow_redirects=True)


def test_an_action_is_triggered_and_its_chain_shown(browser: Browser) -> None:
    response = submit(browser, "/playground", "/playground", what="patient _create")

    page = Page(response.text)
    assert response.url.path.startswith("/console/activity/")
    assert "POST /organization/v1/users/patients/templates/patient" in page.text
    assert "201" in page.text


def test_several_calls_lead_to_the_activity(browser: Browser) -> None:
    response = submit(browser, "/playground", "/playground", what="device _create", times="3")

    assert response.url.path == "/console/activity"
    assert Page(response.text).text.count("POST /device/v2/devices/templates") >= 3


@pytest.mark.parametrize(
    ("sender", "kind"), [("user", "USER"), ("service", "SERVICE_EXTERNAL"), ("platform", "SERVICE_INTERNAL")]
)
def test_a_call_is_made_as_a_user_a_service_or_the_platform(browser: Browser, sender: str, kind: str) -> None:
    response = submit(browser, "/playground", "/playground", what="patient _create", **{"as": sender})

    page = Page(response.text)
    assert "201" in page.text
    assert f'"tokenType": "{kind}"' in page.text


def test_a_plugin_is_called_directly(browser: Browser) -> None:
    browser.send("/plugins/new", {**SCHEDULED, "name": "direct", "cronSchedule": ""})

    response = submit(browser, "/playground", "/playground", plugin="Plugin-direct", body='{"a": 1}')

    assert "/console/activity/" in response.url.path
    assert "DIRECT" in Page(response.text).text


def test_the_catalog_fills_in_the_field(browser: Browser) -> None:
    (link,) = [link for link in browser.get("/playground").links if link == "?what=patient%20_create"]

    assert browser.get(f"/playground{link}").fields["what"] == "patient _create"


def test_an_api_call_is_sent_as_it_is(browser: Browser) -> None:
    body = '{"_name": {"firstName": "A", "lastName": "B"}}'

    response = submit(browser, "/playground", "/playground", what="POST/device/v2/devices", body=body)

    assert "POST /device/v2/devices" in Page(response.text).text


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"what": ""}, "Choose an action"),
        ({"what": "patient _explode"}, "_explode"),
        ({"what": "nonsense"}, "call must be a method"),
        ({"what": "patient _create", "body": "{"}, "body is not valid JSON: Expecting property name"),
        ({"what": "patient _create", "times": "0"}, "Times must be a whole number"),
        ({"what": "patient _create", "as": "nobody"}, "as must be one of user, service, platform"),
        ({"plugin": "nobody"}, "There is no plugin with this name."),
        ({"what": "patient _create", "times": "101"}, "Times must be a whole number"),
        ({"what": "patient _create", "break": "nonsense"}, "There is no way nonsense"),
    ],
)
def test_a_mistake_is_explained_and_what_was_typed_stays(
    browser: Browser, fields: dict[str, str], problem: str
) -> None:
    response = submit(browser, "/playground", "/playground", **fields)

    assert response.status_code == httpx.codes.BAD_REQUEST
    page = Page(response.text)
    assert problem in page.text
    assert page.fields["what"] == fields.get("what", "")


def test_a_call_is_replayed_as_it_was_and_with_an_edited_body(browser: Browser) -> None:
    first = submit(browser, "/playground", "/playground", what="patient _create").url.path.removeprefix("/console")

    again = submit(browser, first, f"{first}/replay")
    edited = submit(browser, first, f"{first}/replay", body='{"_name": {"firstName": "Edited", "lastName": "Name"}}')

    assert again.url.path.removeprefix("/console") not in {first, "/activity"}
    assert "Edited" in Page(edited.text).text


def test_a_wrong_edited_body_is_an_error_page(browser: Browser) -> None:
    first = submit(browser, "/playground", "/playground", what="patient _create").url.path.removeprefix("/console")

    assert "body is not valid JSON" in submit(browser, first, f"{first}/replay", body="{").text


def test_schedules_show_their_next_runs_run_now_and_follow_a_moved_clock(browser: Browser) -> None:
    browser.send("/plugins/new", SCHEDULED)

    page = browser.get("/cron")
    assert "Plugin-scheduled" in page.text
    assert page.text.partition("Next runs, in UTC")[2].partition("As of")[0].count(" 08:00") == 10

    ran = submit(browser, "/cron", "/cron/run", plugin="scheduled", time="2027-01-01T08:00:00Z")
    assert ran.url.path.startswith("/console/activity/")
    moved = submit(browser, "/cron", "/cron/clock", time="2d")
    assert "2 runs were made on the way" in moved.text
    submit(browser, "/cron", "/cron/clock", time="reset")


def test_a_wrong_time_is_an_error_page(browser: Browser) -> None:
    assert "time must be a duration" in submit(browser, "/cron", "/cron/clock", time="soon").text
