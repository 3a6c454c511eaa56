"""What decides the evidence beside the artifact, besides the artifact itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import PackagingError
from builder.evidence.soup import Soup, read_soup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.manifest.model import Manifest
    from builder.values import Lock

EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"
"""https://reproducible-builds.org/specs/source-date-epoch/"""

_LATEST_EPOCH = 253_402_300_799
"""The last second of the year 9999."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What was read for the evidence before anything is built.

    Attributes:
        soup: What people filled in about packages.
        epoch: Seconds since 1970 that stand for the time of the build, or None.
        lock_sha256: Hex digest of the lock file, empty without one: it also says what the plugin asks for itself.
        inputs: All of this for ``inputs_digest``.
    """

    soup: Soup
    epoch: int | None
    lock_sha256: str
    inputs: tuple[str, ...]


def read_settings(manifest: Manifest, lock: Lock, environment: Mapping[str, str]) -> Settings:
    """Read ``soup.toml``, the lock's digest and the environment.

    Raises:
        ManifestError: ``soup.toml`` is not sound.
        PackagingError: The environment has a time that is none.
    """
    soup, data = read_soup(manifest.folder)
    lock_sha256 = hashlib.sha256(lock.file.read_bytes()).hexdigest() if lock.file else ""
    epoch = _epoch(environment.get(EPOCH_VARIABLE, ""))
    return Settings(
        soup=soup,
        epoch=epoch,
        lock_sha256=lock_sha256,
        inputs=(hashlib.sha256(data).hexdigest(), lock_sha256, str(epoch)),
    )


def _epoch(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > _LATEST_EPOCH:
        msg = f"{EPOCH_VARIABLE} is {text[:40]!r}; it must be whole seconds since 1970."
        raise PackagingError(msg, hint="Set it with `git log -1 --format=%ct`, or unset it.")
    return int(text)
