"""Pages that BioT does not have: limits, data, faults, history, schedules, and plugin.toml beside a plugin."""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from benchmarks.console.stories.actions import (
    add_plugin,
    save_memory,
    switch_fault_on,
    trigger_and_read_the_chain,
    watch_file,
)
from benchmarks.console.stories.code_stories import create

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.console.browser import OpenConsole

ATTRIBUTES = "Attributes, as JSON"


def a_fault_is_switched_on_and_off(console: OpenConsole) -> None:
    """A program meets the fault, every page says that it is on, and it is over when it is switched off."""
    page, sandbox = console.page, console.sandbox
    token = sandbox.admin_token()
    switch_fault_on(console, "unavailable", path="/device/*")
    assert sandbox.call("GET", "/device/v2/devices", token=token).status == 503
    console.go("/plugins")
    page.get_by_role("link", name="Faults are on: 1").click()
    page.get_by_role("button", name="Switch off unavailable").click()
    expect(page.get_by_role("main")).to_contain_text("No fault is on.")
    expect(page.get_by_role("link", name=re.compile("Faults are on"))).to_have_count(0)
    assert sandbox.call("GET", "/device/v2/devices", token=token).status == 200


def the_fault_of_a_plugin_is_in_its_chain(console: OpenConsole) -> None:
    """The step that met the fault says so."""
    page = console.page
    create(console)
    switch_fault_on(console, "answer-not-json", hook="PRE_REQUEST")
    trigger_and_read_the_chain(console)
    expect(page.get_by_role("region", name=re.compile("PRE_REQUEST"))).to_contain_text("answer-not-json")


def a_wrong_fault_is_explained(console: OpenConsole) -> None:
    """Nothing is switched on, and what was typed stays."""
    page = console.page
    console.go("/faults")
    page.get_by_label("Fault", exact=True).select_option("unavailable")
    page.get_by_label("How many").fill("many")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("alert")).to_contain_text("times must be a number.")
    expect(page.get_by_label("How many")).to_have_value("many")
    console.expect_status(400)


def an_entity_is_created_and_deleted(console: OpenConsole) -> None:
    """New, with the attributes that BioT requires; Delete removes it."""
    page = console.page
    console.go("/data")
    page.get_by_role("link", name="device", exact=True).click()
    page.get_by_role("link", name="New").click()
    attributes = json.loads(page.get_by_label(ATTRIBUTES).input_value())
    page.get_by_label(ATTRIBUTES).fill(json.dumps({**attributes, "_id": "made-here"}, indent=2))
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("status")).to_contain_text("Created.")
    page.get_by_role("row", name=re.compile("made-here")).get_by_role("link").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_contain_text("Deleted.")
    expect(page.get_by_role("row", name=re.compile("made-here"))).to_have_count(0)


def a_mistake_in_an_entity_has_its_line(console: OpenConsole) -> None:
    """First JSON that is not complete, then a value that BioT refuses, and then the change is a call of the API."""
    page = console.page
    console.go("/data/patient?text=paula")
    page.get_by_role("link", name=re.compile("Paula")).click()
    name = '{"_name": {"firstName": "A", "lastName": "B"},\n'
    for text, problem in ((name + "}", "Line 2"), (name + '"_email": "nobody"\n}', "Line 2: 400: _email")):
        page.get_by_label(ATTRIBUTES).fill(text)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text(problem)
        expect(page.get_by_label(ATTRIBUTES)).to_have_value(text)
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name=re.compile("Paula")).click()
    attributes = json.loads(page.get_by_label(ATTRIBUTES).input_value())
    page.get_by_label(ATTRIBUTES).fill(json.dumps({**attributes, "_description": "Changed"}))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    page.get_by_role("link", name="What plugins did").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("PATCH /organization/v1/users/patients/")
    console.expect_status(400)


def synthetic_entities_are_created(console: OpenConsole) -> None:
    """A number of them at once; the search finds them."""
    page = console.page
    console.go("/data/patient")
    rows = page.get_by_role("row").count()
    page.get_by_label("Create synthetic ones").fill("2")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("status")).to_contain_text("2 created.")
    expect(page.get_by_role("row")).to_have_count(rows + 2)
    page.get_by_role("main").get_by_label("Search").fill("paula")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("row")).to_have_count(2)


def two_versions_are_compared_and_one_comes_back(console: OpenConsole) -> None:
    """Every change is listed; two are compared; the first comes back."""
    page = console.page
    add_plugin(console, "changed", memorySize=128)
    for memory in ("256", "512"):
        save_memory(console, "changed", memory)
    console.go("/plugins/changed")
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("main")).to_contain_text("~ memorySize: 256 -> 512")
    first = page.get_by_role("row").last
    first.get_by_role("radio", name=re.compile("Compare from")).check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("main")).to_contain_text("~ memorySize: 128 -> 512")
    page.get_by_role("row").last.get_by_role("button", name=re.compile("Roll back")).click()
    expect(page.get_by_role("status")).to_contain_text("changed is as it was after change")
    console.go("/plugins/changed")
    page.get_by_role("tab", name="Configuration").click()
    expect(page.get_by_label("Memory Size (MB)")).to_have_value("128")


def limits_of_the_recorded_calls(console: OpenConsole) -> None:
    """A plugin that ran has its limits; a filter that nothing matches says so."""
    page = console.page
    create(console)
    trigger_and_read_the_chain(console)
    page.get_by_role("navigation").get_by_role("link", name="Limits").click()
    table = page.get_by_role("region", name=re.compile("Limits of .*renamer"))
    for name in ("Duration", "Memory", "Response"):
        expect(table.get_by_role("rowheader", name=name)).to_be_visible()
    page.get_by_label("Plugin", exact=True).fill("nobody")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("main")).to_contain_text("No call of a plugin matches.")


@contextmanager
def watched_plugin(console: OpenConsole) -> Iterator[Path]:
    """A plugin with more memory than its plugin.toml says."""
    with tempfile.TemporaryDirectory(prefix="biot-watched-") as folder:
        file = watch_file(console, "watched", Path(folder))
        save_memory(console, "watched", "512")
        console.go("/plugins/watched")
        expect(console.page.get_by_label("What would change in plugin.toml")).to_contain_text("+memorySize = 512")
        yield file


def write_to_file_keeps_the_comment(console: OpenConsole) -> None:
    """Write to file changes the line that differs; then both agree."""
    with watched_plugin(console) as file:
        console.page.get_by_role("button", name="Write to file").click()
        expect(console.page.get_by_role("region", name="plugin.toml")).to_contain_text("and the file agree.")
        assert "memorySize = 512 # enough" in file.read_text()


def discard_gives_the_plugin_the_settings_of_the_file(console: OpenConsole) -> None:
    """Discard leaves the file and changes the plugin."""
    page = console.page
    with watched_plugin(console) as file:
        before = file.read_text()
        page.get_by_role("button", name="Discard").click()
        expect(page.get_by_role("region", name="plugin.toml")).to_contain_text("and the file agree.")
        page.get_by_role("tab", name="Configuration").click()
        expect(page.get_by_label("Memory Size (MB)")).to_have_value("256")
        assert file.read_text() == before


def a_file_that_changed_meanwhile_is_kept(console: OpenConsole) -> None:
    """What somebody writes in an editor meanwhile is not overwritten."""
    with watched_plugin(console) as file:
        file.write_text(file.read_text() + "# written meanwhile\n")
        console.page.get_by_role("button", name="Write to file").click()
        expect(console.page.get_by_role("main")).to_contain_text("has changed meanwhile")
        assert file.read_text().endswith("memorySize = 256 # enough\n# written meanwhile\n")
    console.expect_status(409)


def the_clock_moves_to_the_next_run(console: OpenConsole) -> None:
    """The page names the schedule in words; the clock moves to its next run, which is made, and back."""
    page = console.page
    add_plugin(console, "nightly", cronSchedule="0 8 * * ? *")
    page.get_by_role("link", name="Cron").click()
    expect(page.get_by_role("region", name="This week, in UTC")).to_contain_text("08:00")
    page.get_by_role("button", name=re.compile("Move the clock to its next run")).click()
    expect(page.get_by_role("status")).to_contain_text("1 run was made")
    page.get_by_role("button", name="Follow this machine's clock").click()
    console.go("/activity?hook=CRON")
    expect(page.get_by_role("row")).to_have_count(2)


LOCAL_STORIES = (
    a_fault_is_switched_on_and_off,
    the_fault_of_a_plugin_is_in_its_chain,
    a_wrong_fault_is_explained,
    an_entity_is_created_and_deleted,
    a_mistake_in_an_entity_has_its_line,
    synthetic_entities_are_created,
    two_versions_are_compared_and_one_comes_back,
    limits_of_the_recorded_calls,
    write_to_file_keeps_the_comment,
    discard_gives_the_plugin_the_settings_of_the_file,
    a_file_that_changed_meanwhile_is_kept,
    the_clock_moves_to_the_next_run,
)
