"""Playground: the body is checked while somebody writes it, and events of a watched plugin are sent to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.functional.sandbox.console.conftest import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.running_sandbox import Sandbox

BODY = {"request": {"body": {"_name": {"firstName": "Anna"}}}, "jwt": "<token>"}
EVENT = {
    "version": "2.0",
    "rawPath": "/deep",
    "rawQueryString": "x=1",
    "headers": {"hooktype": "INTERCEPTOR_PRE", "content-type": "application/json", "host": "elsewhere"},
    "requestContext": {"http": {"method": "POST"}},
    "body": json.dumps(BODY),
    "isBase64Encoded": False,
}


@pytest.fixture
def events(sandbox: Sandbox, browser: Browser, tmp_path: Path) -> Iterator[Path]:
    """The folder of events of a watched plugin without code."""
    fields = {"name": "eventful", "displayName": "Eventful", "version": "1", "runtime": "python3.13"}
    assert browser.send("/plugins/new", fields).status_code == httpx.codes.SEE_OTHER
    body = {"pluginName": "eventful", "file": str(tmp_path / "plugin.toml")}
    assert sandbox.call("POST", "/sandbox/v1/watched-files", token=sandbox.token(), body=body).status == httpx.codes.OK
    folder = tmp_path / "events"
    folder.mkdir()
    (folder / "pre.json").write_text(json.dumps(EVENT))
    (folder / "run.json").write_text('{"source": "aws.events"}')
    (folder / "torn.json").write_text("{")
    yield folder
    sandbox.call("POST", "/sandbox/v1/watched-files", token=sandbox.token(), body={"pluginName": "eventful"})
    sandbox.call("DELETE", "/settings/v2/plugins/eventful", token=sandbox.token())


def send(browser: Browser, path: str, page: str = "/playground", **fields: str) -> Page:
    data = {"formToken": browser.get("/playground").fields["formToken"], **fields}
    response = browser.client.post(f"/console{page}", data=data, follow_redirects=True)
    assert response.url.path.startswith(f"/console{path}"), response.text
    return Page(response.text)


def test_the_page_lists_the_events_of_watched_plugins(browser: Browser, events: Path) -> None:
    page = browser.get("/playground")

    assert "?fixture=Plugin-eventful/pre" in page.links
    assert "Plugin-eventful run It is a run of the schedule: the page Cron makes one." in page.text
    assert f"{events / 'torn.json'} is not valid JSON" in page.text


@pytest.mark.usefixtures("events")
def test_an_event_is_sent_with_its_headers_a_new_token_and_the_edited_body(browser: Browser) -> None:
    page = browser.get("/playground?fixture=Plugin-eventful/pre")
    assert '"firstName": "Anna"' in page.text
    assert page.fields["fixture"] == "Plugin-eventful/pre"

    body = json.dumps(BODY).replace("Anna", "Berta")
    chain = send(browser, "/activity/", fixture="Plugin-eventful/pre", body=body)

    assert "DIRECT" in chain.text
    assert "/deep?x=1" in chain.text
    assert '"firstName":"Berta"' in chain.text
    assert "hooktype: INTERCEPTOR_PRE" in chain.text
    assert "Decoded token" in chain.text
    assert "elsewhere" not in chain.text


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("key", ["Plugin-eventful/torn", "Plugin-eventful/run", "Plugin-eventful/../pre", "x"])
def test_what_is_no_event_of_a_watched_plugin_is_a_page_with_the_reason(browser: Browser, key: str) -> None:
    response = browser.client.get("/console/playground", params={"fixture": key})

    assert response.status_code == httpx.codes.NOT_FOUND
    assert "There is no event" in Page(response.text).text


def test_the_check_answers_with_the_problems_of_the_form(browser: Browser) -> None:
    text = '{\n"_name": {"firstName": "<b>"},\n"_x<y>": 1}'

    page = send(browser, "/playground/check", "/playground/check", what="patient _create", body=text)
    assert page.text == "Line 2 lastName is missing. Line 3 There is no attribute _x<y>."
    direct = send(browser, "/playground/check", "/playground/check", what="patient _create", plugin="p", body=text)
    assert direct.text == ""


def test_a_refused_form_shows_the_problems_too(browser: Browser) -> None:
    response = browser.client.post(
        "/console/playground",
        data={"formToken": browser.get("/playground").fields["formToken"], "what": "patient _create", "body": "{\n,"},
    )

    assert "Line 2 This is not JSON" in Page(response.text).text


def test_the_check_needs_the_token_of_the_form(browser: Browser) -> None:
    response = browser.client.post("/console/playground/check", data={"body": "{"})

    assert response.status_code == httpx.codes.FORBIDDEN


def test_names_of_templates_are_completed(browser: Browser) -> None:
    for path in ("/playground", "/plugins/new"):
        page = browser.get(path).html
        assert '<option value="patient">patient</option>' in page
        assert 'list="templates"' in page
