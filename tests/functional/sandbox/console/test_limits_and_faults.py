"""Limits from recorded calls, and faults that are switched on and off in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.functional.sandbox.console.conftest import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.running_sandbox import Sandbox

FAULTS = "/sandbox/v1/faults"
PATIENTS = "/organization/v1/users/patients"


@pytest.fixture(autouse=True)
def no_faults(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.call("DELETE", FAULTS, token=sandbox.token())


def press(browser: Browser, page: str, /, **fields: str) -> httpx.Response:
    data = {"formToken": browser.get("/faults").fields["formToken"], **fields}
    return browser.client.post(f"/console{page}", data=data, follow_redirects=True)


def test_a_fault_is_met_counted_and_switched_off(sandbox: Sandbox, browser: Browser) -> None:
    token = sandbox.token()

    page = Page(press(browser, "/faults", kind="unavailable", path=PATIENTS, times="2").text)
    assert "Faults are on: 1" in page.text
    assert f"path {PATIENTS}" in page.text
    assert [sandbox.call("GET", PATIENTS, token=token).status for _ in range(3)] == [503, 503, 200]

    page = browser.get("/faults")
    assert "Used up" in page.text
    assert "numbers 1 to 2; 3 so far" in page.text
    assert "Faults are on" not in page.text

    number = page.html.partition('name="number" value="')[2].partition('"')[0]
    page = Page(press(browser, "/faults/off", number=number).text)
    assert "No fault is on." in page.text


def test_the_header_of_every_page_says_that_faults_are_on(browser: Browser) -> None:
    press(browser, "/faults", kind="plugin-slow", times="0")

    for path in ("/plugins", "/activity", "/cron", "/limits", "/plugins/new"):
        assert "Faults are on: 1" in browser.get(path).text


def test_a_second_fault_leaves_the_count_of_the_first(sandbox: Sandbox, browser: Browser) -> None:
    token = sandbox.token()
    press(browser, "/faults", kind="unavailable", path=PATIENTS, request="2")
    assert sandbox.call("GET", PATIENTS, token=token).status == 200
    press(browser, "/faults", kind="too-many-requests", path="/device/*", times="0")

    assert sandbox.call("GET", PATIENTS, token=token).status == 503
    assert sandbox.call("GET", "/device/v2/devices", token=token).status == 429
    assert "Faults are on: 1" in browser.get("/plugins").text


def test_the_console_itself_meets_no_fault(browser: Browser) -> None:
    press(browser, "/faults", kind="unavailable", times="0")

    assert "Faults are on: 1" in browser.get("/plugins").text
    assert "No fault is on." in Page(press(browser, "/faults/off").text).text


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"kind": ""}, "`kind` is missing."),
        ({"kind": "unavailable", "hook": "CRON"}, "`hook` selects calls of plugins"),
        ({"kind": "plugin-slow", "path": "/x"}, "`path` selects requests"),
        ({"kind": "unavailable", "times": "many"}, "times must be a number."),
        ({"kind": "unavailable", "minutes": "0"}, "minutes must be a whole number from 1 to 1440."),
    ],
)
def test_a_mistake_is_explained_and_nothing_is_switched_on(
    browser: Browser, fields: dict[str, str], problem: str
) -> None:
    response = press(browser, "/faults", **fields)

    assert response.status_code == httpx.codes.BAD_REQUEST
    page = Page(response.text)
    assert problem in page.text
    assert page.fields["times"] == fields.get("times", "")
    assert "Faults are on" not in page.text


def test_a_fault_may_end_by_itself_and_the_page_says_when(browser: Browser) -> None:
    page = Page(press(browser, "/faults", kind="plugin-slow", minutes="5").text)

    assert " UTC" in page.text.partition("Ends")[2][:40]


def test_the_api_has_the_same_faults(sandbox: Sandbox, browser: Browser) -> None:
    token = sandbox.token()
    body = {"kind": "answer-empty", "plugin": "age", "hook": "PRE_REQUEST", "times": 0, "minutes": 1}

    (fault,) = sandbox.call("POST", FAULTS, token=token, body=body).body["faults"]
    assert (fault["kind"], fault["scope"]) == ("answer-empty", {"plugin": "age", "hook": "PRE_REQUEST"})
    assert "answer-empty" in browser.get("/faults").text
    assert sandbox.call("DELETE", f"{FAULTS}/{fault['number']}", token=token).body == {"faults": []}
    assert sandbox.call("DELETE", f"{FAULTS}/{fault['number']}", token=token).status == 404
    assert sandbox.call("POST", FAULTS, token=token, body={**body, "minutes": "1"}).status == 400
    assert sandbox.call("GET", FAULTS).status == 401


def test_without_calls_the_page_names_the_command_that_makes_one(browser: Browser) -> None:
    assert "biot-plugin trigger patient _create" in browser.get("/limits").text
    assert "since must be a duration" in browser.get("/limits?since=soon").text
