"""Plugin Configuration Management: create, edit, disable, delete, and find plugins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from benchmarks.console.stories.actions import add_plugin, fill_name

if TYPE_CHECKING:
    from benchmarks.console.browser import OpenConsole


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
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Timeout (seconds)")).to_be_visible()
    expect(page.get_by_label("Timeout (seconds)")).to_have_accessible_description(re.compile("from 1 to 900"))
    console.expect_status(400)


def edit_in_tabs(console: OpenConsole) -> None:
    """A click on the row opens three tabs; Save Changes saves."""
    page = console.page
    create_in_three_steps(console)
    page.get_by_role("link", name="made-by-hand", exact=True).click()
    expect(page.get_by_role("tab")).to_have_text(["Basic Info", "Configuration", "Subscriptions"])
    page.get_by_role("tab", name="Configuration").click()
    page.get_by_label("Memory Size (MB)").fill("256")
    page.get_by_role("button", name="Save Changes").click()
    expect(page.get_by_role("status")).to_contain_text("is saved")
    page.get_by_role("link", name="made-by-hand", exact=True).click()
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


def search_filter_and_sort(console: OpenConsole) -> None:
    """The list is searched, filtered and sorted, and says so in its address."""
    page = console.page
    for name in ("alpha", "beta", "gamma"):
        add_plugin(console, name)
    console.go("/plugins")
    page.get_by_label("Search", exact=True).fill("beta")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(re.compile("text=beta"))
    console.go("/plugins")
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.get_by_role("rowheader")).to_have_text(["alpha", "beta", "gamma"])
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.get_by_role("rowheader")).to_have_text(["gamma", "beta", "alpha"])
    page.get_by_label("State").select_option("Disabled")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("main")).to_contain_text("No plugin matches.")
    page.get_by_role("link", name="Show all plugins").click()
    expect(page.get_by_role("row")).to_have_count(4)


def empty_lists_show_the_command_that_fills_them(console: OpenConsole) -> None:
    """Nobody is left with an empty page."""
    for path, command in (
        ("/plugins", "biot-plugin publish -e local"),
        ("/activity", "biot-plugin trigger patient _create"),
        ("/cron", "cronSchedule"),
        ("/logs", "biot-plugin logs -e local"),
    ):
        console.go(path)
        expect(console.page.get_by_role("main")).to_contain_text(command)


def a_wrong_name_deletes_nothing(console: OpenConsole) -> None:
    """Delete with another name says which name is right."""
    page = console.page
    add_plugin(console, "kept")
    console.go("/plugins/kept/delete")
    page.get_by_label("Type its name to delete it").fill("other")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the name of the plugin.")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("row", name=re.compile("kept"))).to_be_visible()
    console.expect_status(400)


def open_in_aws_and_logs_are_local(console: OpenConsole) -> None:
    """The menu leads to the local activity and the local logs, and says so."""
    page = console.page
    add_plugin(console, "linked")
    for name, heading in (("Open in AWS here: its activity", "Activity"), ("Open Logs here: its local logs", "Logs")):
        console.go("/plugins")
        page.get_by_label("Actions of linked").click()
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.get_by_label("Plugin")).to_have_value("linked")


def every_problem_at_once(console: OpenConsole) -> None:
    """Five wrong fields have five messages, each the description of its field; what was typed stays."""
    page = console.page
    console.go("/plugins/new")
    page.get_by_label("Name *", exact=True).fill("not a name")
    page.get_by_label("Version *").fill("one")
    page.get_by_role("tab", name="2. Configuration").click()
    page.get_by_label("Memory Size (MB)").fill("1")
    page.get_by_role("tab", name="3. Subscriptions").click()
    page.get_by_label("Entity Type *").fill("patient")
    page.get_by_label("Action *").fill("_explode")
    page.get_by_label("Cron Schedule").fill("every day")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was saved")
    for label in ("Name *", "Display Name *", "Version *", "Memory Size (MB)", "Action *", "Cron Schedule"):
        field = page.get_by_label(label, exact=True).first
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile("."))
    expect(page.get_by_label("Version *")).to_have_value("one")
    console.expect_status(400)


def a_name_is_taken_once(console: OpenConsole) -> None:
    """A second plugin with a name is refused, and nothing that was typed is lost."""
    page = console.page
    add_plugin(console, "taken")
    console.go("/plugins/new")
    fill_name(console, "taken")
    page.get_by_role("tab", name="2. Configuration").click()
    page.get_by_label("Runtime *").select_option("python3.13")
    page.get_by_role("tab", name="3. Subscriptions").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("There is already a plugin with this name.")
    console.expect_status(409, 400)


def cancel_saves_nothing(console: OpenConsole) -> None:
    """Cancel leads back to the list."""
    console.go("/plugins/new")
    fill_name(console, "cancelled")
    console.page.get_by_role("link", name="Cancel").click()
    expect(console.page.get_by_role("main")).to_contain_text("There is no plugin yet.")


def two_tabs_change_one_plugin(console: OpenConsole) -> None:
    """What one tab saved is in the other after a reload; the later save wins, as in BioT."""
    add_plugin(console, "shared")
    console.go("/plugins/shared")
    other = console.new_tab("/plugins/shared")
    for page, name in ((other, "From the second tab"), (console.page, "From the first tab")):
        page.get_by_label("Display Name *").fill(name)
        page.get_by_role("button", name="Save Changes").click()
        expect(page.get_by_role("status")).to_contain_text("is saved")
    other.reload()
    expect(other.get_by_role("row", name=re.compile("shared"))).to_contain_text("From the first tab")


def next_and_arrow_keys_keep_what_was_typed(console: OpenConsole) -> None:
    """Going through the three steps and back loses nothing."""
    page = console.page
    console.go("/plugins/new")
    fill_name(console, "kept")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Handler").fill("app.run")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("button", name="Next")).to_be_hidden()
    page.get_by_role("tab", name="1. Basic Info").click()
    expect(page.get_by_label("Name *", exact=True)).to_have_value("kept")
    page.get_by_role("tab", name="2. Configuration").click()
    expect(page.get_by_label("Handler")).to_have_value("app.run")


PLUGIN_STORIES = (
    create_in_three_steps,
    problems_are_beside_their_fields,
    edit_in_tabs,
    disable_and_enable,
    delete_with_its_name,
    copy_endpoint,
    add_rows,
    package_type_decides_the_fields,
    search_filter_and_sort,
    empty_lists_show_the_command_that_fills_them,
    a_wrong_name_deletes_nothing,
    open_in_aws_and_logs_are_local,
    every_problem_at_once,
    a_name_is_taken_once,
    cancel_saves_nothing,
    two_tabs_change_one_plugin,
    next_and_arrow_keys_keep_what_was_typed,
)
