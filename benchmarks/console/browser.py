"""Chromium with one page of the console, which fails on every error, and on every request to elsewhere."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

    from tests.support.sandbox.running_sandbox import Sandbox

_PROGRAMS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")


@dataclass
class OpenConsole:
    """A page of the console in a browser.

    Attributes:
        sandbox: The local BioT.
        page: The page.
        context: Its cookies; a second page of it is a second tab.
        problems: Errors of scripts, reports of the content security policy, and requests to elsewhere.
    """

    sandbox: Sandbox
    page: Page
    context: BrowserContext
    problems: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page of the console."""
        self.page.goto(f"{self.sandbox.base_url}/console{path}")

    def new_tab(self, path: str) -> Page:
        """Open a page of the console in another tab, which is watched too."""
        page = self.context.new_page()
        self.watch(page)
        page.goto(f"{self.sandbox.base_url}/console{path}")
        return page

    def expect_status(self, *statuses: int) -> None:
        """Forget that Chromium reported pages with these statuses, which a story causes on purpose."""
        texts = tuple(f"status of {status}" for status in statuses)
        self.problems[:] = [one for one in self.problems if not any(text in one for text in texts)]

    def watch(self, page: Page) -> None:
        """Note every problem of a page."""
        page.on("console", lambda message: self._note(message.type == "error" and not _is_icon(message), message.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("request", lambda request: self._note(not self._is_ours(request.url), f"request to {request.url}"))

    def _is_ours(self, url: str) -> bool:
        return url.startswith(self.sandbox.base_url)

    def _note(self, is_problem: bool, text: str) -> None:
        if is_problem:
            self.problems.append(text)


def _is_icon(message: ConsoleMessage) -> bool:
    """Whether the browser looked for the icon that it looks for by itself, beside a page that is plain text."""
    return message.location["url"].endswith("/favicon.ico")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine; nothing is downloaded."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        message = "No Chromium was found. On Debian: apt-get install chromium."
        raise SystemExit(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def console_page(browser: Browser, sandbox: Sandbox, **options: Any) -> Iterator[OpenConsole]:  # noqa: ANN401 - of Playwright
    """A new session of the console, opened with the printed address."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    context.set_default_timeout(10_000)
    page = context.new_page()
    console = OpenConsole(sandbox=sandbox, page=page, context=context)
    console.watch(page)
    page.goto(sandbox.running.console_url)
    yield console
    context.close()
