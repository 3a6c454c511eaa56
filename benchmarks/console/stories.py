"""What people do in the console, by the roles and labels that they see. Each story returns nothing or fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from benchmarks.console.browser import OpenConsole

Story = "Callable[[OpenConsole], None]"


def create_in_three_steps(console: OpenConsole) -> None:
    """Add Plugin, Next, Next, Save; the plugin is in the list."""
    page = console.page
    page.get_by_role("link", name="Add Plugin").click()
    page.get_by_label("Name *", exact=True).fill("made-by-hand")
    page.get_by_label("Display Name *").fill("Made by Hand")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Runtime *").select_option("python3.13")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Entity Type *").fill("patient")
    page.get_by_label("Action *").fill("_create")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("made-by-hand is saved.")
    expect(page.get_by_role("row", name=re.compile("made-by-hand"))).to_contain_text("patient _create")


def problems_are_beside_their_fields(console: OpenConsole) -> None:
    """A wrong timeout opens the step that has it, with the message as the description of the field."""
    page = console.page
    console.go("/plugins/new")
    page.get_by_label("Name *", exact=True).fill("wrong")
    page.get_by_label("Display Name *").fill("Wrong")
    page.get_by_role("tab", name="2. Configuration").click()
    page.get_by_label("Timeout (seconds)").fill("9999")
    page.get_by_role("tab", name="3. Subscriptions").click()
    page.once("console", lambda _: None)  # Chromium reports the page's own 400
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Timeout (seconds)")).to_be_visible()
    expect(page.get_by_label("Timeout (seconds)")).to_have_accessible_description(re.compile("from 1 to 900"))
    console.problems[:] = [one for one in console.problems if "400" not in one]


def edit_in_tabs(console: OpenConsole) -> None:
    """A click on the row opens three tabs; Save Changes saves."""
    page = console.page
    create_in_three_steps(console)
    page.get_by_role("link", name="made-by-hand").click()
    expect(page.get_by_role("tab")).to_have_text(["Basic Info", "Configuration", "Subscriptions"])
    page.get_by_role("tab", name="Configuration").click()
    page.get_by_label("Memory Size (MB)").fill("256")
    page.get_by_role("button", name="Save Changes").click()
    expect(page.get_by_role("status")).to_contain_text("is saved")
    page.get_by_role("link", name="made-by-hand").click()
    page.get_by_role("tab", name="Configuration").click()
    expect(page.get_by_label("Memory Size (MB)")).to_have_value("256")


def disable_and_enable(console: OpenConsole) -> None:
    """The menu of a row disables the plugin and enables it again."""
    page = console.page
    create_in_three_steps(console)
    row = page.get_by_role("row", name=re.compile("made-by-hand"))
    for action, state in (("Disable", "Disabled"), ("Enable", "Enabled")):
        row.get_by_label(re.compile("Actions of")).click()
        row.get_by_role("button", name=action).click()
        expect(row).to_contain_text(state)


def delete_with_its_name(console: OpenConsole) -> None:
    """Delete asks for the name."""
    page = console.page
    create_in_three_steps(console)
    page.get_by_label("Actions of").first.click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Type its name to delete it").fill("made-by-hand")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_contain_text("is deleted")


def copy_endpoint(console: OpenConsole) -> None:
    """Copy Endpoint puts the address into the clipboard."""
    page = console.page
    create_in_three_steps(console)
    console.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Actions of").first.click()
    page.get_by_role("button", name="Copy Endpoint").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "/run/" in str(page.evaluate("navigator.clipboard.readText()"))


def add_rows(console: OpenConsole) -> None:
    """+ add adds a row, and the focus goes into it."""
    page = console.page
    console.go("/plugins/new")
    page.get_by_role("tab", name="3. Subscriptions").click()
    page.get_by_role("button", name="+ add").first.click()
    rows = page.get_by_label("Entity Type *")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_be_focused()


def package_type_decides_the_fields(console: OpenConsole) -> None:
    """Code only for ZIP, Image Tag only for IMAGE."""
    page = console.page
    console.go("/plugins/new")
    expect(page.get_by_label("Code (ZIP)")).to_be_visible()
    expect(page.get_by_label("Image Tag")).to_be_hidden()
    page.get_by_label("Deployment Package Type *").select_option("IMAGE")
    expect(page.get_by_label("Code (ZIP)")).to_be_hidden()
    expect(page.get_by_label("Image Tag")).to_be_visible()


def trigger_and_read_the_chain(console: OpenConsole) -> None:
    """The playground leads to the chain; Replay makes another one."""
    page = console.page
    page.get_by_role("link", name="Playground").click()
    page.get_by_label("Action or API call").fill("patient _create")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("POST /organization/v1/users/patients")
    first = page.url
    page.get_by_role("button", name="Replay", exact=True).click()
    page.wait_for_url(lambda url: url != first)
    expect(page.get_by_role("heading", level=1)).to_contain_text("POST /organization/v1/users/patients")


def edit_and_replay(console: OpenConsole) -> None:
    """An edited body is in the new chain."""
    page = console.page
    trigger_and_read_the_chain(console)
    page.get_by_label("Edit and replay").fill('{"_name": {"firstName": "Edited", "lastName": "Name"}}')
    page.get_by_role("button", name="Replay the edited call").click()
    expect(page.get_by_role("main")).to_contain_text("Edited")


def live_rows_keep_the_focus(console: OpenConsole) -> None:
    """A new call appears at the top; what one types in a filter stays."""
    page = console.page
    trigger_and_read_the_chain(console)
    console.go("/activity")
    expect(page.get_by_role("status")).to_have_text("Live")
    before = page.get_by_role("row").count()
    page.get_by_label("Plugin").fill("half a na")
    other = console.context.new_page()
    console.watch(other)
    other.goto(f"{console.sandbox.base_url}/console/playground?what=device _create")
    other.get_by_role("button", name="Send").click()
    expect(page.get_by_role("row")).to_have_count(before + 1)
    expect(page.get_by_label("Plugin")).to_be_focused()
    expect(page.get_by_label("Plugin")).to_have_value("half a na")


def schedules(console: OpenConsole) -> None:
    """A plugin with a schedule has its next ten runs; Run now leads to the run."""
    page = console.page
    console.go("/plugins/new")
    page.get_by_label("Name *", exact=True).fill("scheduled")
    page.get_by_label("Display Name *").fill("Scheduled")
    page.get_by_role("tab", name="2. Configuration").click()
    page.get_by_label("Runtime *").select_option("python3.13")
    page.get_by_role("tab", name="3. Subscriptions").click()
    page.get_by_label("Cron Schedule").fill("0 8 * * ? *")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Cron").click()
    expect(page.get_by_role("listitem")).to_have_count(10)
    page.get_by_role("button", name="Run now").click()
    expect(page).to_have_url(re.compile("/console/activity/[0-9]+"))


def search_with_a_key(console: OpenConsole) -> None:
    """``/`` goes to the search, and Enter searches."""
    page = console.page
    page.keyboard.press("/")
    expect(page.get_by_label("Search in the activity")).to_be_focused()
    page.keyboard.type("nothing has this text")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Nothing has happened that matches")


def create_by_keyboard_only(console: OpenConsole) -> None:
    """The tabs answer to arrow keys, and Enter saves."""
    page = console.page
    console.go("/plugins/new")
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


def reload_in_the_middle(console: OpenConsole) -> None:
    """A reload of a chain and of the activity shows them again, and the session goes on."""
    page = console.page
    trigger_and_read_the_chain(console)
    page.reload()
    expect(page.get_by_role("heading", name="Why")).to_be_visible()
    console.go("/activity")
    page.reload()
    expect(page.get_by_role("status")).to_have_text("Live")


STORIES = (
    create_in_three_steps,
    problems_are_beside_their_fields,
    edit_in_tabs,
    disable_and_enable,
    delete_with_its_name,
    copy_endpoint,
    add_rows,
    package_type_decides_the_fields,
    trigger_and_read_the_chain,
    edit_and_replay,
    live_rows_keep_the_focus,
    schedules,
    search_with_a_key,
    create_by_keyboard_only,
    reload_in_the_middle,
)
