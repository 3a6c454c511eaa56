"""The playground: a body that is checked while one types, and the events of a plugin's own folder."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from benchmarks.console.stories.actions import watch_file

if TYPE_CHECKING:
    from benchmarks.console.browser import OpenConsole

_BODY = '{"request": {"body": {"a": 1}}, "jwt": "<token>"}'
_EVENT = {"headers": {"hooktype": "INTERCEPTOR_PRE"}, "body": _BODY}
_WRONG_VALUE = '{\n  "_name.firstName": "Anna",\n  "_email": 5\n}'


def problems_by_line_while_typing(console: OpenConsole) -> None:
    """JSON and schema errors appear with their lines; a click selects the line; without errors the list is empty."""
    page = console.page
    console.go("/playground")
    page.get_by_label("Action or API call").fill("patient _create")
    body = page.get_by_label("Body, or values of an action")
    body.fill('{\n  "_email": \n}')
    expect(page.get_by_role("status")).to_have_text("Line 3 This is not JSON: Expecting value (column 1).")
    expect(body).to_have_attribute("aria-invalid", "true")
    body.fill(_WRONG_VALUE)
    expect(page.get_by_role("status")).to_have_text("Line 3 _email must be a text.")
    page.get_by_role("button", name="Line 3").click()
    expect(body).to_be_focused()
    page.keyboard.type('  "_email": "a@example.com"')
    expect(page.get_by_role("status")).to_have_text("")
    expect(body).to_have_attribute("aria-invalid", "false")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("POST /organization")


def an_event_of_the_plugin_is_sent(console: OpenConsole) -> None:
    """The event of a watched plugin fills in the body, which can be edited, and goes to the plugin."""
    page = console.page
    with tempfile.TemporaryDirectory() as folder:
        watch_file(console, "eventful", Path(folder))
        (Path(folder) / "events").mkdir()
        (Path(folder) / "events" / "mine.json").write_text(json.dumps(_EVENT), "utf-8")
        console.go("/playground")
        page.get_by_role("link", name="Plugin-eventful mine").click()
        expect(page.get_by_label("Body")).to_have_value(re.compile('"a": 1'))
        page.get_by_label("Body").fill(_BODY.replace("1", "22"))
        page.get_by_role("button", name="Send").click()
        page.get_by_role("tab", name="Event").click()
        page.get_by_role("tabpanel").get_by_text("Request of the client").click()
        expect(page.get_by_role("tabpanel")).to_contain_text('"a":22')
        expect(page.get_by_role("tabpanel")).to_contain_text("Decoded token")


PLAYGROUND_STORIES = (problems_by_line_while_typing, an_event_of_the_plugin_is_sent)
