"""10,000 calls at 200 per second, while a tab shows the activity: how soon each row appears, and who grows."""

from __future__ import annotations

import http.client
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.console.server_process import PROCESSES, ServerProcess, server_process
from benchmarks.functions.bars import Bar, bar_for, milliseconds, scale

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from playwright.sync_api import Browser, CDPSession, Page

ROWS = 10_000
WARM_ROWS = 2_000
"""Rows after which memory is measured for the first time: the list is full by then."""
RATE = 200
_ALLOWED_GROWTH = 1.1
_OBSERVE = """
window.shownAt = new Map();
new MutationObserver((changes) => {
  const now = Date.now();
  for (const change of changes) for (const node of change.addedNodes)
    if (node.dataset?.number && !window.shownAt.has(node.dataset.number)) window.shownAt.set(node.dataset.number, now);
}).observe(document.querySelector("[data-live]"), { childList: true });
"""


@dataclass(frozen=True, kw_only=True)
class LiveFigures:
    """What was measured: delays in seconds, calls per second, and bytes at two moments."""

    delays: list[float]
    rows: int
    rate: float
    server: tuple[int, int]
    tab: tuple[int, int]


def live_rows(browser: Browser, folder: Path) -> list[Bar]:
    """The rows for docs/console.md."""
    factor = scale()
    figures = measure(browser, folder)
    median = statistics.median(figures.delays)
    kept = figures.rows == ROWS
    shown = f"median {milliseconds(median)}, {figures.rows:,} of {ROWS:,} rows, {figures.rate:.0f} calls per second"
    return [
        Bar(
            what=f"answer of a call → its row, {RATE} calls per second",
            bar=bar_for(0.05, factor),
            figure=shown,
            met=median <= 0.05 * factor and kept,
        ),
        _memory("memory of the server", figures.server),
        _memory("memory of the tab (heap of scripts)", figures.tab),
    ]


def _memory(what: str, sizes: tuple[int, int]) -> Bar:
    first, last = (size / 1_000_000 for size in sizes)
    return Bar(
        what=f"{what} after {WARM_ROWS:,} and {ROWS:,} live rows",
        bar="flat, at most 10 % more",
        figure=f"{first:.1f} MB, {last:.1f} MB",
        met=last <= first * _ALLOWED_GROWTH,
    )


def measure(browser: Browser, folder: Path) -> LiveFigures:
    """Call, and watch the page."""
    with server_process(folder) as server:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(server.console_url)
        page.goto(f"{server.base_url}/console/activity")
        page.wait_for_selector("text=Live")
        devtools = context.new_cdp_session(page)
        page.evaluate(_OBSERVE)
        first, before = _calls(page, server, WARM_ROWS), (_resident(server.pid), _heap(devtools))
        rest, after = _calls(page, server, ROWS - WARM_ROWS), (_resident(server.pid), _heap(devtools))
        shown: dict[str, float] = page.evaluate("Object.fromEntries(window.shownAt)")
        context.close()
    ends = [*first, *rest]
    times = [shown[number] for number in sorted(shown, key=int)]
    delays = [max(0.0, at - end) / 1000 for at, end in zip(times, ends, strict=False)]
    rate = (len(rest) - 1) / ((rest[-1] - rest[0]) / 1000)
    return LiveFigures(
        delays=delays, rows=len(times), rate=rate, server=(before[0], after[0]), tab=(before[1], after[1])
    )


def _calls(page: Page, server: ServerProcess, count: int) -> list[float]:
    """Call from a process of its own while the page lives; the times of the answers, in milliseconds since 1970."""
    receiver, sender = PROCESSES.Pipe()
    process = PROCESSES.Process(target=_call_often, args=(server, count, sender), daemon=True)
    process.start()
    while not receiver.poll():
        page.wait_for_timeout(100)
    ends: list[float] = receiver.recv()
    process.join()
    page.wait_for_timeout(1500)
    return ends


def _call_often(server: ServerProcess, count: int, parent: Connection) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=30)
    headers = {"authorization": f"Bearer {server.token}"}
    ends, begin = [], time.perf_counter()
    for number in range(count):
        time.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
        connection.request("GET", "/device/v2/devices", headers=headers)
        connection.getresponse().read()
        ends.append(time.time() * 1000)
    parent.send(ends)


def _resident(process: int) -> int:
    """Bytes of a process in memory."""
    with open(f"/proc/{process}/statm", encoding="ascii") as file:  # noqa: PTH123 - of the kernel
        return int(file.read().split()[1]) * 4096


def _heap(devtools: CDPSession) -> int:
    """Bytes that scripts of the tab use, after everything that nobody uses was collected."""
    devtools.send("HeapProfiler.enable")
    devtools.send("HeapProfiler.collectGarbage")
    usage: dict[str, Any] = devtools.send("Runtime.getHeapUsage")
    return int(usage["usedSize"]) + int(usage.get("embedderHeapUsedSize", 0))
