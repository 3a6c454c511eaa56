"""What several stories do."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import httpx
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.console.browser import OpenConsole

WATCHED = """\
[plugin]
name = "{name}"
displayName = "{title}"
version = 1
runtime = "python3.13"
memorySize = 256 # enough
"""


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


def switch_fault_on(console: OpenConsole, kind: str, *, path: str = "", hook: str = "") -> None:
    """Switch a fault on for all calls that follow."""
    page = console.page
    console.go("/faults")
    page.get_by_label("Fault", exact=True).select_option(kind)
    page.get_by_label("Path, for requests").fill(path)
    page.get_by_label("Hook, for calls of plugins").select_option(hook)
    page.get_by_label("How many").fill("0")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("link", name="Faults are on: 1")).to_be_visible()


def save_memory(console: OpenConsole, name: str, megabytes: str) -> None:
    """Give a plugin another memory size on its page."""
    page = console.page
    console.go(f"/plugins/{name}")
    page.get_by_role("tab", name="Configuration").click()
    page.get_by_label("Memory Size (MB)").fill(megabytes)
    page.get_by_role("button", name="Save Changes").click()
    expect(page.get_by_role("status")).to_contain_text("is saved")


def watch_file(console: OpenConsole, name: str, folder: Path) -> Path:
    """Create a plugin, and report its plugin.toml, as ``biot-plugin dev`` does."""
    file, sandbox = folder / "plugin.toml", console.sandbox
    file.write_text(WATCHED.format(name=name, title=name.title()), "utf-8")
    add_plugin(console, name, memorySize=256)
    body = {"pluginName": name, "file": str(file)}
    assert sandbox.call("POST", "/sandbox/v1/watched-files", token=sandbox.token(), body=body).status < 300
    return file
