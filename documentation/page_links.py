"""Links that are right in the repository, as links of the site."""

from __future__ import annotations

import posixpath
import re

ELSEWHERE = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""File of the repository outside of ``docs/`` -> its page in the site."""
_LINK = re.compile(r"(\]\()([^)#\s]+)([^)]*\))")


def site_page(file: str) -> str:
    """The page of a file of the repository: ``docs/local.md`` is ``local.md``."""
    return ELSEWHERE.get(file) or file.removeprefix("docs/")


def site_links(text: str, file: str) -> str:
    """The text of a page with links that are right in the site.

    Args:
        text: Markdown.
        file: Where it is in the repository, such as ``docs/decisions/README.md``.
    """
    folder = posixpath.dirname(site_page(file)) or "."

    def link(match: re.Match[str]) -> str:
        if "://" in match[2]:
            return match[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file), match[2]))
        return f"{match[1]}{posixpath.relpath(site_page(target), folder)}{match[3]}"

    return _LINK.sub(link, text)
