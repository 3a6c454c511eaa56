"""A browser without scripts: it opens the printed address, reads pages and sends their forms."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.functional.sandbox.console.patient_calls import endpoint
from tests.support.sandbox.settings_client import http_client

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.sandbox.running_sandbox import Sandbox

__all__ = ["endpoint"]
_VOID = {"input", "meta", "link", "br"}


class Page(HTMLParser):
    """What a page says, and the fields of its forms with their values.

    Attributes:
        text: The visible text, in order.
        fields: Each field's name and value.
        checked: The values of the checkboxes that are on, by their name.
        links: The targets of its links.
        elements: Every element with its attributes.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.words: list[str] = []
        self.fields: dict[str, str] = {}
        self.checked: dict[str, list[str]] = {}
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.labels: list[str] = []
        self._open: list[str] = []
        self._select = ""
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """The visible text on one line."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.elements.append((tag, values))
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "a":
            self.links.append(values.get("href") or "")
        if tag == "select":
            self._select = values.get("name") or ""
        name = values.get("name") or ""
        if tag == "input" and name and (values.get("type") != "checkbox" or "checked" in values):
            self.fields[name] = values.get("value") or ""
        if tag == "input" and values.get("type") == "checkbox" and "checked" in values:
            self.checked.setdefault(name, []).append(values.get("value") or "")
        if tag == "option" and self._select and ("selected" in values or self._select not in self.fields):
            self.fields[self._select] = "\0" if values.get("value") is None else values["value"] or ""

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes another element"
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._select and self.fields.get(self._select) == "\0":
            self.fields[self._select] = data.strip()
        if not self._open or self._open[-1] not in {"script", "style"}:
            self.words.append(data)
        if "label" in self._open or "legend" in self._open:
            self.labels.append(data)


@dataclass
class Browser:
    """A browser with one session."""

    client: httpx.Client

    def get(self, path: str) -> Page:
        """Open a page."""
        response = self.client.get(f"/console{path}", follow_redirects=True)
        assert response.status_code == httpx.codes.OK, response.text
        return Page(response.text)

    def send(self, path: str, changes: Mapping[str, str], code: bytes | None = None) -> httpx.Response:
        """Open a page, fill in its form, and send it as multipart, as the page asks for."""
        page = self.get(path)
        fields = {name: value for name, value in page.fields.items() if name != "text"}
        files = {"code": ("plugin.zip" if code else "", code or b"", "application/zip")}
        return self.client.post(f"/console{path}", data={**fields, **page.checked, **changes}, files=files)


@pytest.fixture
def browser(sandbox: Sandbox) -> Iterator[Browser]:
    with http_client(sandbox.base_url) as client:
        assert client.get(sandbox.running.console_url).status_code == httpx.codes.SEE_OTHER
        yield Browser(client)
