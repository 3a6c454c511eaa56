"""How fast pages appear, and how soon a call is on the screen."""

from __future__ import annotations

import gzip
import json
import statistics
from typing import TYPE_CHECKING

import httpx

from benchmarks.console.server_process import ServerProcess, server_process
from benchmarks.functions.bars import Bar, bar_for, milliseconds, scale

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.support.sandbox.running_sandbox import Sandbox

_REPEATS = 5
_PAINT = """
new Promise((resolve) => new PerformanceObserver((list) => {
  for (const one of list.getEntriesByName("first-contentful-paint")) resolve(one.startTime);
}).observe({ type: "paint", buffered: true }))
"""
_LOADED_MAX = 60_000


def plugin_lists(browser: Browser, folder: Path) -> list[Bar]:
    """The first paint of the list with 100 and with 1,000 plugins."""
    with server_process(folder) as server:
        _add_plugins(server, 0, 100)
        few = first_paint(browser, server, "/plugins", "first paint, 100 plugins", 0.1)
        _add_plugins(server, 100, 1000)
        return [few, first_paint(browser, server, "/plugins", "first paint, 1,000 plugins", 0.2)]


def first_paint(browser: Browser, server: ServerProcess, path: str, what: str, allowed: float) -> Bar:
    """The median of the first contentful paint of a page."""
    factor, seconds = scale(), []
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(server.console_url)
    for _ in range(_REPEATS):
        page.goto(f"{server.base_url}/console{path}")
        seconds.append(float(page.evaluate(_PAINT)) / 1000)
    context.close()
    median = statistics.median(seconds)
    return Bar(what=what, bar=bar_for(allowed, factor), figure=milliseconds(median), met=median <= allowed * factor)


def _add_plugins(server: ServerProcess, first: int, last: int) -> None:
    """Create plugins through the API."""
    headers = {"authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.base_url, headers=headers, timeout=30) as client:
        for number in range(first, last):
            config = {"name": f"p{number}", "displayName": f"Plugin {number}", "version": 1, "runtime": "python3.13"}
            client.post("/settings/v2/plugins", files={"config": (None, json.dumps(config))}).raise_for_status()


def loaded_bytes(sandbox: Sandbox) -> Bar:
    """Everything that a page loads, compressed."""
    with httpx.Client(base_url=sandbox.base_url) as client:
        client.get(sandbox.running.console_url)
        paths = ("plugins", "assets/console.css", "assets/console.js", "assets/editor.js", "assets/icon.svg")
        size = sum(len(gzip.compress(client.get(f"/console/{path}").content)) for path in paths)
    figure = f"{size / 1000:.1f} KB"
    return Bar(what="everything a page loads, compressed", bar="≤ 60 KB", figure=figure, met=size <= _LOADED_MAX)
