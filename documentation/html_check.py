"""What is wrong with the links of a built site: missing pages and anchors, and requests to other servers."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}
"""What a browser requests by itself, unlike the target of an ``a``."""
_NOT_LOADED = {"canonical", "next", "prev", "alternate"}


@dataclass
class _Page(HTMLParser):
    """The links and anchors of one page."""

    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if not _NOT_LOADED & set(values.get("rel", "").split()):
            self.loaded += [values[name] for each, name in _LOADED if each == tag and values.get(name)]


def broken_links(pages: Mapping[str, str], files: Collection[str]) -> Iterator[str]:
    """Every link that leads nowhere, and everything that a page would load from another server.

    Args:
        pages: Path -> HTML.
        files: The path of every file of the site.
    """
    parsed = {}
    for path, html in pages.items():
        parsed[path] = _Page()
        parsed[path].feed(html)
    for path, page in parsed.items():
        yield from (f"{path}: loads {url}" for url in page.loaded if _is_remote(url))
        for link in (*page.links, *page.loaded):
            if _is_remote(link) or link.startswith(("mailto:", "data:")):
                continue
            target, _, anchor = link.partition("#")
            file = _file(path, unquote(target))
            if file not in files and f"{file}/index.html" not in files:
                yield f"{path}: no file {link}"
            elif anchor and file in parsed and unquote(anchor) not in parsed[file].anchors and anchor != "__skip":
                yield f"{path}: no anchor {link}"


def _file(page: str, target: str) -> str:
    """The file that a link leads to; a link without a file leads to its own page."""
    folder = "" if target.startswith("/") else posixpath.dirname(page)
    return posixpath.normpath(posixpath.join(folder, target.lstrip("/"))) if target else page


def _is_remote(url: str) -> bool:
    return url.startswith(("http:", "https:", "//"))
