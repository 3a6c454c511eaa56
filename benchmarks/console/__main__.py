"""``tox -e console``: stories, accessibility and speed of the console in Chromium; writes docs/console.md."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.console import accessibility, large_pages, live_rows, speed
from benchmarks.console.browser import chromium, console_page
from benchmarks.console.filled_console import fill, filled_further
from benchmarks.console.page_text import COMPARISON
from benchmarks.console.stories import STORIES
from benchmarks.functions.bars import Bar, import_seconds
from builder.cli.local_biot import collect_garbage_regularly
from sandbox.functions.service import ServiceSettings
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playwright.sync_api import Browser

    from benchmarks.console.browser import OpenConsole
    from tests.support.sandbox.running_sandbox import Sandbox

PAGE = Path(__file__).parents[2] / "docs" / "console.md"
SCREENSHOTS = (("list", "/plugins"), ("create", "/plugins/new"), ("chain", "/activity/1"), ("cron", "/cron"))
SCHEMES = ("light", "dark")
STORIES_MIN = 60


def main(names: list[str]) -> int:
    """Run everything, print and write the page; with names, run only these stories. 1 when a bar is missed."""
    start = time.monotonic()
    collect_garbage_regularly()  # as `biot-plugin sandbox` does
    if names:
        with tempfile.TemporaryDirectory(prefix="biot-console-") as folder, chromium() as browser:
            return 0 if stories(browser, Path(folder), {name: STORIES[name] for name in names}).met else 1
    with tempfile.TemporaryDirectory(prefix="biot-console-") as folder, chromium() as browser:
        scratch = Path(folder)
        bars = [
            stories(browser, scratch, STORIES),
            *pages(browser, scratch),
            *speed.plugin_lists(browser, scratch / "plugins"),
            large_pages.activity_with_many_runs(browser, scratch / "many-runs"),
            large_pages.difference_of_large_bodies(browser, scratch / "large-bodies"),
            *live_rows.live_rows(browser, scratch / "live-rows"),
        ]
    page = "\n".join([*heading(time.monotonic() - start), *table(bars), "", *pictures(), COMPARISON.rstrip()]) + "\n"
    PAGE.write_text(page, "utf-8")
    print(page)
    return 0 if all(bar.met for bar in bars) else 1


def stories(browser: Browser, scratch: Path, chosen: Mapping[str, Callable[[OpenConsole], None]]) -> Bar:
    """Each story on a new local BioT."""
    failed = []
    functions = ServiceSettings(cache=scratch / "functions", any_python=True)
    for number, (name, story) in enumerate(chosen.items()):
        folder = scratch / f"story-{number}"
        with running_sandbox(folder, functions=functions) as sandbox, console_page(browser, sandbox) as console:
            try:
                story(console)
                assert console.problems == [], console.problems
            except Exception:  # noqa: BLE001 - every failure of a story is a figure, and is printed
                failed.append(name)
                traceback.print_exc()
        print(f"{'FAILED' if name in failed else 'passed'} {name}", flush=True)
    return Bar(
        what="stories by role and label",
        bar=f"≥ {STORIES_MIN}, all pass; no error of a script, no report of the policy, no request off the machine",
        figure=f"{len(chosen) - len(failed)} of {len(chosen)}",
        met=not failed and (len(chosen) < len(STORIES) or len(STORIES) >= STORIES_MIN),
    )


def pages(browser: Browser, scratch: Path) -> list[Bar]:
    """Accessibility, screenshots and size, on one local BioT that fills up."""
    functions = ServiceSettings(cache=scratch / "functions", any_python=True)
    with running_sandbox(scratch / "pages", functions=functions) as sandbox:
        with console_page(browser, sandbox) as console:
            fill(console)
        take_pictures(browser, sandbox)
        tools = accessibility.install_tools(scratch)
        with console_page(browser, sandbox) as console, filled_further(console, scratch / "watched"):
            return [
                accessibility.typed_scripts(tools),
                accessibility.violations(browser, sandbox, tools),
                accessibility.narrow_screens(browser, sandbox),
                speed.loaded_bytes(sandbox),
            ]


def take_pictures(browser: Browser, sandbox: Sandbox) -> None:
    """Screenshots of the pages that docs/console.md shows."""
    folder = PAGE.parent / "console"
    folder.mkdir(exist_ok=True)
    for scheme in SCHEMES:
        with console_page(browser, sandbox, color_scheme=scheme, viewport={"width": 1100, "height": 760}) as console:
            for name, path in SCREENSHOTS:
                console.go(path)
                console.page.screenshot(path=folder / f"{name}-{scheme}.png")


def heading(seconds: float) -> list[str]:
    """What was done, where, and how to repeat it."""
    machine = f"{os.cpu_count()} cores, {platform.system()}"
    return [
        "# The console in a browser",
        "",
        f"Written by `tox -e console`; do not edit. This run: {machine}, {seconds:.0f} s.",
        "",
        'Times apply to a machine on which `python -c "import click"` takes 50 ms. They are multiplied by the',
        f"ratio that was measured beside each of them; at the end it took {import_seconds() * 1000:.0f} ms.",
        "",
    ]


def table(bars: list[Bar]) -> list[str]:
    """One row for each bar."""
    lines = ["| what | bar | result | |", "|---|---|---|---|"]
    return lines + [f"| {bar.what} | {bar.bar} | {bar.figure} | {'met' if bar.met else '**missed**'} |" for bar in bars]


def pictures() -> list[str]:
    """The screenshots, light and dark."""
    return [f"![{name}, {scheme}](console/{name}-{scheme}.png)" for name, _ in SCREENSHOTS for scheme in SCHEMES]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
