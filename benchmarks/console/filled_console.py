"""A local BioT in which every page has something to show."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from benchmarks.console.example_hooks import example_hooks
from benchmarks.console.stories import code_stories
from benchmarks.console.stories.actions import (
    add_plugin,
    save_memory,
    switch_fault_on,
    trigger_and_read_the_chain,
    watch_file,
)
from benchmarks.console.stories.plugin_stories import create_in_three_steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.console.browser import OpenConsole

PATIENT = "00000000-0000-4000-b003-000000000001"
"""The seeded patient."""
PAGES = (
    *("/plugins", "/plugins/new", "/plugins/made-by-hand", "/plugins/nobody"),
    *("/plugins/made-by-hand/actions", "/plugins/made-by-hand/delete"),
    *("/plugins/watched", "/plugins/watched/history", "/plugins/renamer/history"),
    *("/activity", "/activity/1", "/activity/1#event", "/activity/1#why", "/activity/1#again"),
    *("/activity/2", "/activity/2#logs", "/activity/2#limits"),
    *("/playground", "/cron", "/logs", "/limits", "/faults"),
    *("/data", "/data/patient", "/data/patient/new", "/data/command", f"/data/patient/{PATIENT}"),
)
"""All kinds of pages, and the tabs of a call."""


def fill(console: OpenConsole) -> None:
    """Create plugins, one with a schedule, and a call with hooks, which is number 1."""
    with example_hooks(console.sandbox):
        trigger_and_read_the_chain(console)
    console.go("/plugins")
    create_in_three_steps(console)
    add_plugin(console, "nightly", cronSchedule="0 8 * * ? *")


@contextmanager
def filled_further(console: OpenConsole, folder: Path) -> Iterator[None]:
    """Add code that ran in call number 2, a plugin that differs from its plugin.toml, and, for the block, a fault."""
    code_stories.create(console)
    trigger_and_read_the_chain(console)
    expect(console.page).to_have_url(f"{console.sandbox.base_url}/console/activity/2")
    folder.mkdir()
    watch_file(console, "watched", folder)
    save_memory(console, "watched", "512")
    switch_fault_on(console, "unavailable", path="/device/*")
    yield
    console.go("/faults")
    console.page.get_by_role("button", name="Switch all off").click()
