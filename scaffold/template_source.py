"""Where the installed kit came from, so that a new plugin gets the same version of the templates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterable

DISTRIBUTION = "biot-plugin-kit"
WORKING_TREE = "HEAD"
"""The version of a local folder that includes its uncommitted changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateOrigin:
    """A version of the templates.

    Attributes:
        source: A git URL, or the absolute path of a local folder.
        ref: A tag, branch or commit; ``HEAD`` for a local folder with its uncommitted changes; None for the newest
            release.
    """

    source: str
    ref: str | None


def origin_of(direct_url: str | None, *, version: str, urls: Iterable[str]) -> TemplateOrigin:
    """Find the origin in the metadata of an installed distribution.

    Args:
        direct_url: The text of its ``direct_url.json`` (PEP 610); None if it was installed from an index.
        version: Its version.
        urls: Its ``Project-URL`` fields, such as ``Source, https://…``.

    Raises:
        ProjectError: The metadata names no source.
    """
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    document = json.loads(direct_url) if direct_url else {}
    url = str(document.get("url", ""))
    if "vcs_info" in document:
        return TemplateOrigin(source=_git_source(url), ref=str(document["vcs_info"]["commit_id"]))
    if "dir_info" in document:
        return TemplateOrigin(source=url2pathname(urlsplit(url).path), ref=WORKING_TREE)
    urls_by_label = dict(url_field.partition(", ")[::2] for url_field in urls)
    if source := urls_by_label.get("Source"):
        return TemplateOrigin(source=source, ref=f"v{version}")
    message = f"The metadata of the installed {DISTRIBUTION} {version} names no source."
    raise ProjectError(message, hint="Give the kit's git URL or folder with --source.")


def _git_source(url: str) -> str:
    """Return a git URL that Copier recognizes as one."""
    is_recognized = url.startswith(("git@", "git://", "git+")) or url.endswith(".git")
    return url if is_recognized else f"git+{url}"


def installed_origin() -> TemplateOrigin:
    """Return the origin of the running kit.

    Raises:
        ProjectError: The kit is not installed, or its metadata names no source.
    """
    from importlib import metadata

    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        message = f"{DISTRIBUTION} is not installed in this Python, so its version is unknown."
        raise ProjectError(message, hint="Give the kit's git URL or folder with --source.") from None
    return origin_of(
        distribution.read_text("direct_url.json"),
        version=distribution.version,
        urls=distribution.metadata.get_all("Project-URL") or (),
    )


def named_origin(source: str, ref: str | None) -> TemplateOrigin:
    """Return the origin that the user named. The path of a folder becomes absolute, so that it is valid everywhere.

    A ``file://`` URL is a git URL like any other, but Copier would treat it as the path of a folder.
    """
    if source.startswith("file://"):
        return TemplateOrigin(source=_git_source(source), ref=ref)
    folder = Path(source).expanduser()
    if folder.is_dir():
        return TemplateOrigin(source=str(folder.resolve()), ref=ref or WORKING_TREE)
    return TemplateOrigin(source=source, ref=ref)
