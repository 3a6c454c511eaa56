"""Where the installed kit came from, so that a plugin starts from the same version of the templates."""

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
"""As a version of a local folder: what lies there now, uncommitted work included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateOrigin:
    """One version of the kit's source.

    Attributes:
        source: Git URL, or absolute path of a local folder.
        ref: Tag, branch or commit; ``HEAD`` for a local folder as it lies there; None for the newest release.
    """

    source: str
    ref: str | None


def origin_of(direct_url: str | None, *, version: str, urls: Iterable[str]) -> TemplateOrigin:
    """Decide from an installed distribution's metadata.

    Args:
        direct_url: Text of its ``direct_url.json`` (PEP 610), None when it was installed from an index.
        version: Its version.
        urls: Its ``Project-URL`` fields, such as ``Source, https://…``.

    Raises:
        ProjectError: Nothing names a source.
    """
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    document = json.loads(direct_url) if direct_url else {}
    url = str(document.get("url", ""))
    if "vcs_info" in document:
        return TemplateOrigin(source=_git_source(url), ref=str(document["vcs_info"]["commit_id"]))
    if "dir_info" in document:
        return TemplateOrigin(source=url2pathname(urlsplit(url).path), ref=WORKING_TREE)
    labelled = dict(part.partition(", ")[::2] for part in urls)
    if source := labelled.get("Source"):
        return TemplateOrigin(source=source, ref=f"v{version}")
    message = f"The installed {DISTRIBUTION} {version} does not say where its source is."
    raise ProjectError(message, hint="Name the kit's git URL or folder with --source.")


def _git_source(url: str) -> str:
    """A git URL that Copier takes for one, whatever its end."""
    known = url.startswith(("git@", "git://", "git+")) or url.endswith(".git")
    return url if known else f"git+{url}"


def installed_origin() -> TemplateOrigin:
    """Where the kit that runs now came from.

    Raises:
        ProjectError: It is not installed, or its metadata names no source.
    """
    from importlib import metadata

    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        message = f"{DISTRIBUTION} is not installed in this Python, so its own version is not known."
        raise ProjectError(message, hint="Name the kit's git URL or folder with --source.") from None
    return origin_of(
        distribution.read_text("direct_url.json"),
        version=distribution.version,
        urls=distribution.metadata.get_all("Project-URL") or (),
    )


def named_origin(source: str, ref: str | None) -> TemplateOrigin:
    """An origin that the user named: a folder becomes absolute, so that it means the same from everywhere.

    A ``file://`` URL is a git URL like any other; Copier would take it for the path of a folder.
    """
    if source.startswith("file://"):
        return TemplateOrigin(source=_git_source(source), ref=ref)
    folder = Path(source).expanduser()
    if folder.is_dir():
        return TemplateOrigin(source=str(folder.resolve()), ref=ref or WORKING_TREE)
    return TemplateOrigin(source=source, ref=ref)
