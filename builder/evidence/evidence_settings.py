"""What decides the evidence beside the artifact, besides the artifact itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from builder.errors import PackagingError
from builder.evidence.provenance.signing import KEY_VARIABLE, Signer, load_signer
from builder.evidence.soup.soup_file import Soup, read_soup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.build_values import Lock
    from builder.manifest.model import Manifest

EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"
"""https://reproducible-builds.org/specs/source-date-epoch/"""

_LATEST_EPOCH = 253_402_300_799
"""The last second of the year 9999."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What was read for the evidence before anything is built. Digests are sha256 in hex, empty without a file.

    Attributes:
        soup: What people filled in about packages.
        soup_sha256: Of ``soup.toml``.
        epoch: Seconds since 1970 that stand for the time of the build, or None.
        lock_name: Of the lock file.
        lock_sha256: Of the lock file, which also says what the plugin asks for itself.
        manifest_sha256: Of plugin.toml.
        signer: Signs the provenance, or None.
        started: When the build began.
    """

    soup: Soup
    soup_sha256: str
    epoch: int | None
    lock_name: str
    lock_sha256: str
    manifest_sha256: str
    signer: Signer | None
    started: datetime

    @property
    def inputs(self) -> tuple[str, ...]:
        """What of it decides bytes, for ``inputs_digest``.

        The key is not among them: with and without a signature it is the same build, with the same report.
        """
        return (self.soup_sha256, self.lock_sha256, str(self.epoch))

    @property
    def keyid(self) -> str:
        """Which key must have signed an earlier build's provenance; empty when none must."""
        return self.signer.keyid if self.signer else ""


def read_settings(manifest: Manifest, lock: Lock, environment: Mapping[str, str]) -> Settings:
    """Read ``soup.toml``, the digests of what was given, the environment, the key and the clock.

    Raises:
        ManifestError: ``soup.toml`` is not sound.
        PackagingError: The environment names a time that is none, or a key that cannot be used.
    """
    soup, data = read_soup(manifest.folder)
    return Settings(
        soup=soup,
        soup_sha256=hashlib.sha256(data).hexdigest() if data else "",
        epoch=_epoch(environment.get(EPOCH_VARIABLE, "")),
        lock_name=lock.file.name if lock.file else "",
        lock_sha256=hashlib.sha256(lock.file.read_bytes()).hexdigest() if lock.file else "",
        manifest_sha256=hashlib.sha256(manifest.file.read_bytes()).hexdigest(),
        signer=load_signer(environment.get(KEY_VARIABLE, "")),
        started=datetime.now(UTC),
    )


def _epoch(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > _LATEST_EPOCH:
        msg = f"{EPOCH_VARIABLE} is {text[:40]!r}; it must be whole seconds since 1970."
        raise PackagingError(msg, hint="Set it with `git log -1 --format=%ct`, or unset it.")
    return int(text)
