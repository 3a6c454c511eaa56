"""What several stories do."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import httpx
from playwright.sync_api import expect

if TYPE_CHECKING:
    from benchmarks.console.browser import OpenConsole


def add_plugin(console: OpenConsole, name: str, **more: object) -> None:
    """Create a plugin through the API."""
    sandbox = console.sandbox
    config = {"name": name, "displayName": name.title(), "version": 1, "runtime": "python3.13", **more}
    headers = {"authorization": f"Bearer {sandbox.token()}"}
    files = {"config": (None, json.dumps(config))}
    httpx.post(f"{sandbox.base_url}/settings/v2/plugins", headers=headers, files=files).raise_for_status()


def fill_name(console: OpenConsole, name: str) -> None:
    """Write the two names of a new plugin."""
    console.page.get_by_label("Name *", exact=True).fill(name)
    console.page.get_by_label("Display Name *").fill(name.title())


def trigger_and_read_the_chain(console: OpenConsole, what: str = "patient _create") -> None:
    """The playground leads to the chain."""
    page = console.page
    page.get_by_role("link", name="Playground").click()
    page.get_by_label("Action or API call").fill(what)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("(POST|GET) /"))


def call_devices(console: OpenConsole, times: int = 1) -> None:
    """Call an API, as a program does."""
    token = console.sandbox.admin_token()
    for _ in range(times):
        console.sandbox.call("GET", "/device/v2/devices", token=token)
