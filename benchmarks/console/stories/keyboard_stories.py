"""Everything by keyboard, with the focus where people expect it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from benchmarks.console.stories.actions import add_plugin, call_devices, trigger_and_read_the_chain

if TYPE_CHECKING:
    from benchmarks.console.browser import OpenConsole

TABS_MAX = 60
"""How often Tab is pressed at most until something has the focus."""


def tab_to(console: OpenConsole, role: str, name: str) -> None:
    """Press Tab until the element has the focus."""
    wanted = console.page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]  # one of ARIA's roles
    for _ in range(TABS_MAX):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        console.page.keyboard.press("Tab")
    msg = f"{name} cannot be reached with Tab"
    raise AssertionError(msg)


def search_with_a_key(console: OpenConsole) -> None:
    """``/`` goes to the search, and Enter searches."""
    page = console.page
    page.keyboard.press("/")
    expect(page.get_by_label("Search in the activity")).to_be_focused()
    page.keyboard.type("nothing has this text")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Nothing has happened that matches")


def skip_to_the_content(console: OpenConsole) -> None:
    """The first Tab offers to skip the navigation."""
    page = console.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def create_by_keyboard_only(console: OpenConsole) -> None:
    """The tabs answer to arrow keys, and Enter saves."""
    page = console.page
    tab_to(console, "link", "Add Plugin")
    page.keyboard.press("Enter")
    page.get_by_label("Name *", exact=True).focus()
    page.keyboard.type("by-keyboard")
    page.keyboard.press("Tab")
    page.keyboard.type("By Keyboard")
    page.get_by_role("tab", name="1. Basic Info").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="2. Configuration")).to_be_focused()
    page.get_by_label("Runtime *").focus()
    page.keyboard.type("python3.13")
    page.get_by_role("tab", name="2. Configuration").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("by-keyboard is saved.")


def disable_by_keyboard(console: OpenConsole) -> None:
    """The menu of a row opens with Enter, and its items follow with Tab."""
    page = console.page
    add_plugin(console, "keys")
    console.go("/plugins")
    page.get_by_label("Actions of keys").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Delete")).to_be_visible()
    tab_to(console, "button", "Disable")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name=re.compile("keys"))).to_contain_text("Disabled")


def escape_closes_the_menu(console: OpenConsole) -> None:
    """Escape closes the menu of a row, and the focus stays on its button."""
    page = console.page
    add_plugin(console, "keys")
    console.go("/plugins")
    page.get_by_label("Actions of keys").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Delete")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Delete")).to_be_hidden()
    expect(page.get_by_label("Actions of keys")).to_be_focused()


def send_by_keyboard(console: OpenConsole) -> None:
    """The playground is filled in and sent with keys alone."""
    page = console.page
    tab_to(console, "link", "Playground")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Playground")).to_be_visible()
    page.get_by_label("Action or API call").focus()
    page.keyboard.type("GET/device/v2/devices")
    tab_to(console, "button", "Send")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("GET /device/v2/devices")


def replay_by_keyboard(console: OpenConsole) -> None:
    """A row opens with Enter, the tabs of the call follow the arrow keys, and Replay replays."""
    page = console.page
    trigger_and_read_the_chain(console)
    console.go("/activity")
    page.get_by_role("row").nth(1).get_by_role("link").focus()
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Steps").focus()
    for name in ("Event", "Logs", "Limits", "Why", "Edit and replay", "Steps"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name, exact=True)).to_be_focused()
    first = page.url.partition("#")[0]
    page.get_by_role("button", name="Replay", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.partition("#")[0] != first)


def compare_by_keyboard(console: OpenConsole) -> None:
    """The two points are chosen with keys, and Enter compares."""
    page = console.page
    trigger_and_read_the_chain(console)
    page.get_by_label("From").focus()
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    tab_to(console, "button", "Compare")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("from=response&to=request"))


def the_focus_survives_live_rows(console: OpenConsole) -> None:
    """The link that has the focus keeps it while rows arrive above it."""
    page = console.page
    call_devices(console)
    console.go("/activity")
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    link = page.locator('[data-number="1"] a')
    link.focus()
    call_devices(console, 5)
    expect(page.get_by_role("row")).to_have_count(7)
    expect(link).to_be_focused()


KEYBOARD_STORIES = (
    search_with_a_key,
    skip_to_the_content,
    create_by_keyboard_only,
    disable_by_keyboard,
    escape_closes_the_menu,
    send_by_keyboard,
    replay_by_keyboard,
    compare_by_keyboard,
    the_focus_survives_live_rows,
)
