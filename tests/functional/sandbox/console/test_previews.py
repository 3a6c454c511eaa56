"""What a schedule and an API ID mean, while somebody types them, and the week of all schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.functional.sandbox.console.conftest import Page

if TYPE_CHECKING:
    from tests.functional.sandbox.console.conftest import Browser

PLUGIN = {"displayName": "Scheduled", "version": "1", "runtime": "python3.13"}
NURSES = "POST/organization/v1/users/caregivers/templates/nurse"


def preview(browser: Browser, schedule: str) -> str:
    response = browser.client.get("/console/cron/preview", params={"schedule": schedule})
    assert response.status_code == httpx.codes.OK
    return Page(f"<p>{response.text}</p>").text


def test_a_schedule_is_shown_in_words_with_its_next_five_runs(browser: Browser) -> None:
    text = preview(browser, "0 8 * * ? *")

    assert text.startswith("At 08:00 UTC, every day. Next: ")
    assert text.count(" 08:00") == 6  # once in the words
    assert preview(browser, "") == ""


@pytest.mark.parametrize("schedule", ["0 8", "<img src=x onerror=alert(1)>"])
def test_a_wrong_schedule_is_explained_as_text(browser: Browser, schedule: str) -> None:
    response = browser.client.get("/console/cron/preview", params={"schedule": schedule})

    assert "A schedule has six fields" in response.text
    assert "<img" not in response.text


def test_the_form_shows_the_same_without_scripts(browser: Browser) -> None:
    response = browser.send("/plugins/new", {**PLUGIN, "name": "words", "cronSchedule": "0 8 ? * MON *"})
    assert response.status_code == httpx.codes.SEE_OTHER
    assert "At 08:00 UTC, on Monday. Next:" in browser.get("/plugins/words").text

    wrong = browser.send("/plugins/words", {"cronSchedule": "often", "displayName": ""})
    assert "A schedule has six fields" in Page(wrong.text).text


def test_a_value_in_an_api_id_says_what_it_narrows(browser: Browser) -> None:
    def narrowing(api_id: str) -> str:
        response = browser.client.get("/console/narrowing", params={"apiId": api_id})
        assert response.status_code == httpx.codes.OK
        return response.text

    assert narrowing(NURSES) == "Only calls in which templateName is nurse."
    assert narrowing(NURSES.replace("nurse", "{templateName}")) == ""
    assert narrowing("nonsense") == ""
    assert narrowing(NURSES.replace("nurse", "<b>")) == "Only calls in which templateName is &lt;b&gt;."
    row = {"interceptions.0.type": "PRE_REQUEST", "interceptions.0.apiId": NURSES}
    browser.send("/plugins/new", {**PLUGIN, "name": "narrow", **row})
    assert "Only calls in which templateName is nurse." in browser.get("/plugins/narrow").text


def test_the_week_shows_every_run_and_which_overlap(browser: Browser) -> None:
    for name in ("first", "second"):
        browser.send("/plugins/new", {**PLUGIN, "name": name, "cronSchedule": "30 4 * * ? *"})

    text = browser.get("/cron").text

    week = text.partition("This week, in UTC")[2]
    assert week.count("04:30 overlaps") == 14
    assert "At the same time run Plugin-first, Plugin-second." in week


def test_the_clock_moves_to_the_next_run(browser: Browser) -> None:
    browser.send("/plugins/new", {**PLUGIN, "name": "jump", "cronSchedule": "0 6 1 * ? *"})
    page = browser.get("/cron")
    token, text = page.fields["formToken"], page.html.partition("of Plugin-jump")[0]
    moment = text.rpartition('value="')[2].partition('"')[0]

    data = {"formToken": token, "time": moment}
    response = browser.client.post("/console/cron/clock", data=data, follow_redirects=True)

    assert "made on the way" in Page(response.text).text
    assert moment[:13] in Page(response.text).html
    browser.client.post("/console/cron/clock", data={"formToken": token, "time": "reset"})
