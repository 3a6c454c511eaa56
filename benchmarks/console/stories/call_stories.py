"""Activity, one call with everything about it, the playground and the schedules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from benchmarks.console.example_hooks import example_hooks
from benchmarks.console.stories.actions import add_plugin, call_devices, trigger_and_read_the_chain

if TYPE_CHECKING:
    from benchmarks.console.browser import OpenConsole

LIVE = "[data-live-state]"
PLACE = "element => element.getBoundingClientRect().top"


def replay_makes_another_call(console: OpenConsole) -> None:
    """Replay leads to a new chain of the same call."""
    page = console.page
    trigger_and_read_the_chain(console)
    first = page.url
    page.get_by_role("button", name="Replay", exact=True).click()
    page.wait_for_url(lambda url: url != first)
    expect(page.get_by_role("heading", level=1)).to_contain_text("POST /organization/v1/users/patients")


def edit_and_replay(console: OpenConsole) -> None:
    """An edited body is in the new chain."""
    page = console.page
    trigger_and_read_the_chain(console)
    page.get_by_role("tab", name="Edit and replay").click()
    page.get_by_label("Body to send").fill('{"_name": {"firstName": "Edited", "lastName": "Name"}}')
    page.get_by_role("button", name="Replay the edited call").click()
    page.get_by_role("tab", name="Event").click()
    page.get_by_text("Request of the client", exact=False).last.click()
    expect(page.get_by_role("tabpanel")).to_contain_text("Edited")


def a_chain_shows_who_changed_what(console: OpenConsole) -> None:
    """The steps, the waterfall, and the comparison of what a plugin received with what it answered."""
    page = console.page
    with example_hooks(console.sandbox):
        trigger_and_read_the_chain(console)
    expect(page.get_by_role("list", name="Waterfall").get_by_role("listitem")).to_have_count(3)
    expect(page.get_by_role("group", name="Difference")).to_contain_text('+ "firstName": "Anna"')
    expect(page.get_by_role("group", name="Difference")).to_contain_text("unchanged")


def compare_any_two_points(console: OpenConsole) -> None:
    """Two points are chosen and compared; the address has them; a folded part opens."""
    page = console.page
    with example_hooks(console.sandbox):
        trigger_and_read_the_chain(console)
    page.get_by_label("From").select_option("Request of the client")
    page.get_by_label("To", exact=True).select_option("Response to the client")
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile("from=request&to=response"))
    expect(page.get_by_label("To", exact=True)).to_have_value("response")
    fold = page.get_by_role("group", name="Difference").get_by_text(re.compile("unchanged")).first
    fold.click()
    expect(page.get_by_role("group", name="Difference").locator("details[open]")).to_have_count(1)


def compare_with_another_run(console: OpenConsole) -> None:
    """The same point of another run is compared."""
    page = console.page
    trigger_and_read_the_chain(console)
    trigger_and_read_the_chain(console)
    page.get_by_label("of another run, number").fill("1")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("status")).to_contain_text("from run")


def the_tabs_of_a_chain(console: OpenConsole) -> None:
    """Every tab has its part, and the address names it."""
    page = console.page
    with example_hooks(console.sandbox):
        trigger_and_read_the_chain(console)
    for name, text in (
        ("Event", "Decoded token"),
        ("Logs", "No code of this local BioT ran."),
        ("Limits", "nothing was measured"),
        ("Why", "Not called"),
        ("Steps", "Compare two points"),
    ):
        page.get_by_role("tab", name=name, exact=True).click()
        expect(page.get_by_role("tabpanel")).to_contain_text(text)
        expect(page).to_have_url(re.compile(f"#{name.lower()}$"))


def a_tab_opens_from_its_address(console: OpenConsole) -> None:
    """A link to a tab opens it, also after a reload."""
    page = console.page
    trigger_and_read_the_chain(console)
    console.go(page.url.partition("/console")[2] + "#why")
    page.reload()
    expect(page.get_by_role("tab", name="Why")).to_have_attribute("aria-selected", "true")


def read_a_message_as_text(console: OpenConsole) -> None:
    """A message opens as plain text."""
    page = console.page
    trigger_and_read_the_chain(console)
    page.get_by_role("tab", name="Event").click()
    page.get_by_text("Request of the client", exact=False).last.click()
    page.get_by_role("link", name="All of it as text").first.click()
    expect(page.locator("body")).to_contain_text('"_name"')


def open_a_row_while_others_arrive(console: OpenConsole) -> None:
    """An opened row stays open, and what is selected stays selected, while rows arrive."""
    page = console.page
    trigger_and_read_the_chain(console)
    console.go("/activity")
    expect(page.locator(LIVE)).to_have_text("Live")
    row = page.get_by_role("row").nth(1)
    number = row.get_attribute("data-number")
    row.locator("summary").click()
    page.evaluate("element => getSelection().selectAllChildren(element)", row.get_by_role("rowheader").element_handle())
    call_devices(console, 20)
    expect(page.get_by_role("row")).to_have_count(22)
    expect(page.locator(f'[data-number="{number}"] details[open]')).to_have_count(1)
    assert "/organization/v1/users/patients" in str(page.evaluate("getSelection().toString()"))


def typed_text_stays_while_rows_arrive(console: OpenConsole) -> None:
    """A new call appears at the top; what one types in a filter stays."""
    page = console.page
    trigger_and_read_the_chain(console)
    console.go("/activity")
    expect(page.locator(LIVE)).to_have_text("Live")
    before = page.get_by_role("row").count()
    page.get_by_label("Plugin").fill("half a na")
    other = console.new_tab("/playground?what=device _create")
    other.get_by_role("button", name="Send").click()
    expect(page.get_by_role("row")).to_have_count(before + 1)
    expect(page.get_by_label("Plugin")).to_be_focused()
    expect(page.get_by_label("Plugin")).to_have_value("half a na")


def rows_wait_while_one_reads_further_down(console: OpenConsole) -> None:
    """Whoever has scrolled down is not moved; a button says how many rows wait, and shows them."""
    page = console.page
    call_devices(console, 50)
    console.go("/activity")
    expect(page.locator(LIVE)).to_have_text("Live")
    oldest = page.locator('[data-number="1"]')
    oldest.scroll_into_view_if_needed()
    place = oldest.evaluate(PLACE)
    call_devices(console, 3)
    button = page.get_by_role("button", name="3 new")
    expect(button).to_be_visible()
    assert abs(oldest.evaluate(PLACE) - place) < 1
    button.click()
    expect(page.get_by_role("row")).to_have_count(54)


def missed_rows_arrive_after_a_break(console: OpenConsole) -> None:
    """The connection breaks; what happened meanwhile arrives when it is back."""
    page = console.page
    console.go("/activity")
    expect(page.locator(LIVE)).to_have_text("Live")
    console.context.set_offline(True)
    page.evaluate("fetch('/console/activity').catch(() => 0)")
    call_devices(console, 3)
    console.context.set_offline(False)
    expect(page.get_by_role("row")).to_have_count(4)
    console.problems[:] = [one for one in console.problems if "ERR_INTERNET_DISCONNECTED" not in one]


def filter_the_activity(console: OpenConsole) -> None:
    """Filters select rows, say that nothing is added, and lead back."""
    page = console.page
    trigger_and_read_the_chain(console)
    call_devices(console, 3)
    console.go("/activity")
    page.get_by_label("Text").fill("patients")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("status")).to_contain_text("Filtered")
    page.get_by_role("link", name="Show everything").click()
    expect(page.get_by_role("row")).to_have_count(5)


def a_wrong_filter_is_explained(console: OpenConsole) -> None:
    """A filter that means nothing says what it may be."""
    page = console.page
    console.go("/activity")
    page.get_by_label("Since").fill("yesterday")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_contain_text("since must be a duration")


def older_calls(console: OpenConsole) -> None:
    """The list has a page for older calls, and Back leads to the newest."""
    page = console.page
    call_devices(console, 55)
    console.go("/activity")
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("row")).to_have_count(6)
    page.go_back()
    expect(page.get_by_role("row")).to_have_count(51)


def the_playground_explains_wrong_json(console: OpenConsole) -> None:
    """A mistake has its line, and what was typed stays."""
    page = console.page
    console.go("/playground")
    page.get_by_label("Action or API call").fill("patient _create")
    page.get_by_label("Body, or values of an action").fill('{\n"_name": \n}')
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("line 3")
    expect(page.get_by_label("Body, or values of an action")).to_have_value('{\n"_name": \n}')
    console.expect_status(400)


def break_a_call(console: OpenConsole) -> None:
    """Break it: plugins receive an expired token, and the chain has it."""
    page = console.page
    with example_hooks(console.sandbox):
        console.go("/playground")
        page.get_by_label("Action or API call").fill("patient _create")
        page.get_by_label("Break it").select_option("expired-token")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("POST")
    page.get_by_role("tab", name="Event").click()
    page.get_by_role("tabpanel").get_by_text(re.compile("^Event [0-9]")).first.click()
    expect(page.get_by_role("tabpanel")).to_contain_text("It expires")


def an_api_call_by_its_path(console: OpenConsole) -> None:
    """A call such as GET/device/v2/devices is sent as it is."""
    trigger_and_read_the_chain(console, "GET/device/v2/devices")
    expect(console.page.get_by_role("heading", level=1)).to_have_text("GET /device/v2/devices")


def choose_from_the_catalog_and_send_three(console: OpenConsole) -> None:
    """The tree of the catalog fills in the action; three calls lead to the activity."""
    page = console.page
    console.go("/playground")
    page.get_by_role("group").get_by_text("device", exact=True).click()
    page.get_by_role("link", name="_create", exact=True).first.click()
    expect(page.get_by_label("Action or API call")).to_have_value(re.compile("_create$"))
    page.get_by_label("Action or API call").fill("patient _create")
    page.get_by_label("Times").fill("3")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("row")).to_have_count(4)


def schedules(console: OpenConsole) -> None:
    """A plugin with a schedule has its next ten runs; Run now leads to the run."""
    page = console.page
    add_plugin(console, "scheduled", cronSchedule="0 8 * * ? *")
    page.get_by_role("link", name="Cron").click()
    expect(page.get_by_role("main")).to_contain_text("08:00")
    page.get_by_role("button", name="Run now").first.click()
    expect(page).to_have_url(re.compile("/console/activity/[0-9]+"))


def search_everything(console: OpenConsole) -> None:
    """The search box of every page finds a call by its text."""
    page = console.page
    trigger_and_read_the_chain(console)
    console.go("/plugins")
    page.get_by_label("Search in the activity").fill("patients")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)


CALL_STORIES = (
    trigger_and_read_the_chain,
    replay_makes_another_call,
    edit_and_replay,
    a_chain_shows_who_changed_what,
    compare_any_two_points,
    compare_with_another_run,
    the_tabs_of_a_chain,
    a_tab_opens_from_its_address,
    read_a_message_as_text,
    open_a_row_while_others_arrive,
    typed_text_stays_while_rows_arrive,
    rows_wait_while_one_reads_further_down,
    missed_rows_arrive_after_a_break,
    filter_the_activity,
    a_wrong_filter_is_explained,
    older_calls,
    the_playground_explains_wrong_json,
    break_a_call,
    an_api_call_by_its_path,
    choose_from_the_catalog_and_send_three,
    schedules,
    search_everything,
)
