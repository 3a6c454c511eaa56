"""Small screens, zoom, reduced motion, the Back button, reloads, and browsers without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from benchmarks.console.stories.actions import add_plugin, call_devices, fill_name, trigger_and_read_the_chain

if TYPE_CHECKING:
    from benchmarks.console.browser import OpenConsole

PAGES = ("/plugins", "/plugins/new", "/activity", "/activity/1", "/playground", "/cron", "/logs")
ZOOM_200 = {"width": 640, "height": 400}
"""What is left of 1280 by 800 pixels at 200 % zoom."""


def _no_sideways_scrolling(console: OpenConsole, width: int, height: int) -> None:
    trigger_and_read_the_chain(console)
    add_plugin(console, "a-plugin-with-quite-a-long-name", cronSchedule="0 8 * * ? *")
    console.page.set_viewport_size({"width": width, "height": height})
    for path in PAGES:
        console.go(path)
        scrolls = console.page.evaluate("document.documentElement.scrollWidth")
        assert scrolls <= width, f"{path}: {scrolls}"


def at_320_pixels(console: OpenConsole) -> None:
    """No page scrolls sideways at 320 pixels."""
    _no_sideways_scrolling(console, 320, 640)


def at_200_percent_zoom(console: OpenConsole) -> None:
    """No page scrolls sideways at 200 % zoom."""
    _no_sideways_scrolling(console, ZOOM_200["width"], ZOOM_200["height"])


def create_at_320_pixels(console: OpenConsole) -> None:
    """A plugin is created on a small screen."""
    page = console.page
    page.set_viewport_size({"width": 320, "height": 640})
    page.get_by_role("link", name="Add Plugin").click()
    fill_name(console, "small")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Runtime *").select_option("python3.13")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("small is saved.")


def reduced_motion(console: OpenConsole) -> None:
    """Nothing moves for people who asked for that."""
    page = console.page
    page.emulate_media(reduced_motion="reduce")
    console.go("/activity")
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    call_devices(console)
    row = page.get_by_role("row").nth(1)
    expect(row).to_be_visible()
    assert row.evaluate("element => getComputedStyle(element).animationName") == "none"


def dark_follows_the_system(console: OpenConsole) -> None:
    """The colours follow the system, without a setting."""
    page = console.page
    colours = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two words
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


def back_leads_back(console: OpenConsole) -> None:
    """Back from a call leads to the list as it was, with its filter."""
    page = console.page
    trigger_and_read_the_chain(console)
    console.go("/activity?text=patients")
    page.get_by_role("row").nth(1).get_by_role("link").click()
    page.get_by_role("tab", name="Why").click()
    page.go_back()
    expect(page).to_have_url(re.compile("text=patients"))
    expect(page.get_by_label("Text")).to_have_value("patients")


def reload_in_the_middle(console: OpenConsole) -> None:
    """A reload of a call and of the activity shows them again, and the session goes on."""
    page = console.page
    trigger_and_read_the_chain(console)
    page.get_by_role("tab", name="Why").click()
    page.reload()
    expect(page.get_by_role("tab", name="Why")).to_have_attribute("aria-selected", "true")
    console.go("/activity")
    page.reload()
    expect(page.locator("[data-live-state]")).to_have_text("Live")


def two_tabs_see_the_same_call(console: OpenConsole) -> None:
    """What one tab sends appears in the other by itself."""
    page = console.page
    console.go("/activity")
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    other = console.new_tab("/playground?what=patient _create")
    other.get_by_role("button", name="Send").click()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").nth(1)).to_contain_text("201")


def unknown_addresses_have_a_way_out(console: OpenConsole) -> None:
    """An unknown plugin or call is a page with links, not a dead end."""
    page = console.page
    for path in ("/plugins/nobody", "/activity/999"):
        console.go(path)
        page.get_by_role("main").get_by_role("link", name="Activity").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Activity")
    console.expect_status(404)


def without_scripts(console: OpenConsole) -> None:
    """Create, send and compare work in a browser that runs no scripts."""
    context = console.page.context.browser
    assert context is not None
    plain = context.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(console.sandbox.running.console_url)
    page.get_by_role("link", name="Add Plugin").click()
    page.get_by_label("Name *", exact=True).fill("plain")
    page.get_by_label("Display Name *").fill("Plain")
    page.get_by_label("Runtime *").select_option("python3.13")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name=re.compile("plain"))).to_be_visible()
    page.get_by_role("link", name="Playground").click()
    page.get_by_label("Action or API call").fill("patient _create")
    page.get_by_role("button", name="Send").click()
    page.get_by_label("From").select_option("Response to the client")
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile("from=response"))
    plain.close()


SCREEN_STORIES = (
    at_320_pixels,
    at_200_percent_zoom,
    create_at_320_pixels,
    reduced_motion,
    dark_follows_the_system,
    back_leads_back,
    reload_in_the_middle,
    two_tabs_see_the_same_call,
    unknown_addresses_have_a_way_out,
    without_scripts,
)
