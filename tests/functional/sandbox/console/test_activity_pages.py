"""Activity: every call as a row that appears by itself, with filters and older pages."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import httpx

from tests.functional.sandbox.console.conftest import Page
from tests.functional.sandbox.console.patient_calls import HOSTILE, PATIENTS, create_patient, number_of_newest

if TYPE_CHECKING:
    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.hook_endpoint import HookEndpoint
    from tests.support.sandbox.running_sandbox import Sandbox


def test_a_chain_shows_its_steps_changes_and_reasons(
    sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint
) -> None:
    create_patient(sandbox, "Chain")
    endpoint.wait_for(2)

    page = browser.get(f"/activity/{number_of_newest(browser)}")

    assert "1. PRE_REQUEST" in page.text
    assert "~ body._name.firstName" in page.text
    assert '"Synthetic"' in page.text
    assert "Not called" in page.text
    assert "PATCH" in page.text.partition("Not called")[2]
    assert re.findall(r"\d\. (\w+)", page.text)[:2] == ["PRE_REQUEST", "API"]
    assert HOSTILE in page.text
    assert "img" not in {tag for tag, _ in page.elements}


def test_the_list_has_a_row_for_each_call_and_its_filters(
    sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint
) -> None:
    create_patient(sandbox, "Unusual")
    endpoint.wait_for(2)

    assert f"POST {PATIENTS}" in browser.get("/activity").text
    assert f"POST {PATIENTS}" in browser.get("/activity?text=unusual").text
    assert f"POST {PATIENTS}" in browser.get("/activity?status=201&hook=pre_request").text
    assert "Nothing has happened that matches" in browser.get("/activity?text=nobody-has-this-name").text


def test_a_wrong_filter_is_explained_on_the_page(browser: Browser) -> None:
    assert "since must be a duration such as 10m" in browser.get("/activity?since=yesterday").text
    assert "status must be an HTTP status" in browser.get("/logs?status=bad").text


def test_an_unknown_number_is_a_page_with_the_reason(browser: Browser) -> None:
    response = browser.client.get("/console/activity/999999")

    assert response.status_code == httpx.codes.NOT_FOUND
    assert "There is no activity 999999." in Page(response.text).text


def test_new_calls_arrive_by_themselves_and_a_later_notification_completes_its_row(
    sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint
) -> None:
    rows: list[str] = []
    with browser.client.stream("GET", "/console/activity/live", timeout=20) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        create_patient(sandbox, "Live")
        endpoint.wait_for(2)
        for line in lines:
            if line.startswith("data: ") and PATIENTS in line:
                rows.append(line.removeprefix("data: "))
            if rows and "NOTIFICATION" in rows[-1] and "running" not in rows[-1]:
                break

    numbers = {number for row in rows for number in re.findall(r'data-number="(\d+)"', row)}
    assert len(numbers) == 1
    assert "PRE_REQUEST" in Page(f"<table>{rows[-1]}</table>").text


def test_a_page_that_was_away_gets_what_it_missed(sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint) -> None:
    create_patient(sandbox, "First")
    endpoint.wait_for(2)
    last = number_of_newest(browser)
    create_patient(sandbox, "Missed")
    endpoint.wait_for(4)

    with browser.client.stream("GET", "/console/activity/live", headers={"last-event-id": last}, timeout=20) as stream:
        row = next(line for line in stream.iter_lines() if line.startswith("data: "))

    assert f'data-number="{int(last) + 1}"' in row


def test_logs_name_the_command_that_shows_more(browser: Browser) -> None:
    assert "biot-plugin logs -e local -f" in browser.get("/logs?plugin=nobody").text


def test_older_calls_are_on_the_next_page(sandbox: Sandbox, browser: Browser) -> None:
    token = sandbox.admin_token()
    for _ in range(52):
        sandbox.call("GET", "/device/v2/devices", token=token)

    first = browser.get("/activity")
    (older,) = [link for link in first.links if "before=" in link]
    second = browser.get(f"/activity{older}")

    numbers = [int(row) for page in (first, second) for row in re.findall(r'<tr data-number="(\d+)"', page.html)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == len(numbers) > 50
    assert "Filtered" in second.text


def test_a_row_shows_each_step_with_its_status(sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint) -> None:
    create_patient(sandbox, "Steps")
    endpoint.wait_for(2)

    row = browser.get("/activity").html.partition("<tr data-number")[2].partition("</tr>")[0]

    assert re.findall(r'chip">(\w+) [^<]*?(\d+)</span>', row)[:2] == [("PRE_REQUEST", "200"), ("API", "201")]


def test_rows_that_a_page_has_are_sent_again_once_after_the_new_ones(sandbox: Sandbox, browser: Browser) -> None:
    token = sandbox.admin_token()
    for _ in range(3):
        sandbox.call("GET", "/device/v2/devices", token=token)
    newest = int(number_of_newest(browser))
    path = f"/console/activity/live?after={newest - 1}"

    numbers, ids = [], []
    with browser.client.stream("GET", path, timeout=20) as stream:
        for line in stream.iter_lines():
            numbers += [int(number) for number in re.findall(r'data-number="(\d+)"', line)]
            ids += [int(line.removeprefix("id: "))] if line.startswith("id: ") else []
            if len(numbers) == 3:
                break

    assert numbers[0] == newest
    assert numbers[1:] == sorted(numbers[1:])
    assert newest not in numbers[1:]
    assert ids == [newest] * 3


def settled_page(browser: Browser) -> tuple[int, int]:
    """The newest row and the revision of a page that is whole: notifications of earlier tests are recorded late."""
    pages: list[tuple[int, int]] = []
    for _ in range(50):
        (live,) = (dict(named) for _, named in browser.get("/activity").elements if "data-live" in named)
        pages.append((int(live["data-newest"] or 0), int(live["data-revision"] or 0)))
        if pages[-1] in pages[:-1]:
            return pages[-1]
        time.sleep(0.1)
    raise AssertionError(pages)


def test_a_page_to_which_nothing_was_added_gets_only_what_follows(sandbox: Sandbox, browser: Browser) -> None:
    token = sandbox.admin_token()
    sandbox.call("GET", "/device/v2/devices", token=token)
    newest, revision = settled_page(browser)

    path = f"/console/activity/live?after={newest}&revision={revision}"
    with browser.client.stream("GET", path, timeout=20) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        sandbox.call("GET", "/device/v2/devices", token=token)
        rows: list[str] = []
        while not rows or f'data-number="{newest + 1}"' not in rows[-1]:
            rows.append(next(line for line in lines if line.startswith("data: ")))

    assert not any(f'data-number="{newest}"' in row for row in rows)
