"""The page of one chain: points compared, exact messages, copies of the call, and another run beside it."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.functional.sandbox.console.conftest import Page
from tests.functional.sandbox.console.patient_calls import HOSTILE, PATIENTS, create_patient, number_of_newest

if TYPE_CHECKING:
    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.hook_endpoint import HookEndpoint
    from tests.support.sandbox.running_sandbox import Sandbox

TABS = ["Steps", "Event", "Logs", "Limits", "Why", "Edit and replay"]


@pytest.fixture
def number(sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint) -> str:
    create_patient(sandbox, "Compared")
    endpoint.wait_for(2)
    return number_of_newest(browser)


def difference(page: Page) -> str:
    html = page.html.partition('aria-label="Difference">')[2].partition("</div>")[0]
    return Page(f"<div>{html}</div>").text


def test_the_page_has_its_parts_and_buttons(browser: Browser, number: str) -> None:
    page = browser.get(f"/activity/{number}")

    assert re.findall(r'class="tab-panel"><h2>([^<]+)</h2>', page.html) == TABS
    for button in ("Replay", "Replay the edited call", "Save as fixture", "Copy as command", "Copy as curl", "Compare"):
        assert button in page.text
    assert 'aria-label="Waterfall"' in page.html


def test_a_step_is_compared_before_and_after_at_first(browser: Browser, number: str) -> None:
    text = difference(browser.get(f"/activity/{number}"))

    assert '- "firstName": "Synthetic"' in text
    assert f'+ "firstName": "{HOSTILE}"' in text
    assert "unchanged" in text


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("request", "2-event", '+ "firstName"'),
        ("2-event", "2-event", "nothing changed"),
        ("2-answer", "response", "nothing changed"),
        ("request", "response", '+ "_id"'),
    ],
)
def test_any_two_points_are_compared(browser: Browser, number: str, start: str, end: str, shown: str) -> None:
    page = browser.get(f"/activity/{number}?from={start}&to={end}")

    assert shown in difference(page) or shown in page.text
    assert (page.fields["from"], page.fields["to"]) == (start, end)


def test_another_run_is_compared_at_the_same_point(
    sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint, number: str
) -> None:
    create_patient(sandbox, "Another")
    endpoint.wait_for(4)

    page = browser.get(f"/activity/{number}?from=request&to=request&with={number_of_newest(browser)}")

    assert '- "lastName": "Compared"' in difference(page)
    assert '+ "lastName": "Another"' in difference(page)


@pytest.mark.parametrize("query", ["from=9-event", "to=nothing", "with=999999"])
def test_a_point_or_a_run_that_does_not_exist_is_404(browser: Browser, number: str, query: str) -> None:
    assert browser.client.get(f"/console/activity/{number}?{query}").status_code == httpx.codes.NOT_FOUND


def test_a_message_is_text_exactly_as_the_client_wrote_it(sandbox: Sandbox, browser: Browser) -> None:
    written = b'{ "_name": {"firstName": "A",\n "lastName": "<b>B</b>"} }'
    sandbox.call("POST", PATIENTS, token=sandbox.admin_token(), body=written)

    response = browser.client.get(f"/console/activity/{number_of_newest(browser)}/message/request")

    assert response.content == written
    assert response.headers["content-type"].startswith("text/plain")
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("point", ["0-event", "99-event", "x", "request-"])
def test_other_messages_are_404_or_the_request(browser: Browser, number: str, point: str) -> None:
    status = browser.client.get(f"/console/activity/{number}/message/{point}").status_code

    assert status == (httpx.codes.OK if point == "request-" else httpx.codes.NOT_FOUND)


def test_the_token_is_decoded_but_not_kept(browser: Browser, number: str) -> None:
    page = browser.get(f"/activity/{number}")

    assert "Decoded token" in page.text
    assert "PLUGIN_INTERCEPTOR" in page.text
    assert "It expires 20" in page.text
    assert not re.search(r"eyJ[\w-]{4,}\.", page.html)


def test_a_fixture_is_what_activity_save_writes(browser: Browser, number: str) -> None:
    (link, *_) = [link for link in browser.get(f"/activity/{number}").links if "/event?" in link]

    response = browser.client.get(link)

    assert "interceptor_pre_patient_create.json" in response.headers["content-disposition"]
    event = json.loads(response.text)
    assert event["headers"]["hooktype"] == "INTERCEPTOR_PRE"
    assert "Compared" not in response.text
    for step in ("99", "x"):
        assert (
            browser.client.get(f"/console/activity/{number}/event?step={step}").status_code == httpx.codes.BAD_REQUEST
        )


def copied(page: Page, label: str) -> str:
    texts = [values["data-copy"] or "" for tag, values in page.elements if tag == "button" and "data-copy" in values]
    labels = re.findall(r'data-copy="[^"]*">([^<]+)<', page.html)
    return texts[labels.index(label)]


def test_the_copied_curl_makes_the_same_call(sandbox: Sandbox, browser: Browser, number: str) -> None:
    program, *arguments = shlex.split(copied(browser.get(f"/activity/{number}"), "Copy as curl"))
    values = dict(itertools.pairwise(arguments))  # an option and its value; tox -e console runs curl itself
    headers = [value for name, value in itertools.pairwise(arguments) if name == "--header"]
    sent = dict(header.split(": ", 1) for header in headers)
    sent["authorization"] = sent["authorization"].replace("$TOKEN", sandbox.admin_token())
    (url,) = [value for value in arguments if value.startswith("http:")]

    response = httpx.request(values["--request"], url, headers=sent, content=values["--data-raw"])

    assert program == "curl"
    assert response.json()["_name"]["lastName"] == "Compared"
    assert f"POST {PATIENTS}" in browser.get(f"/activity/{number_of_newest(browser)}").text
