"""The settings of the evidence: everything that decides the files beside an artifact, besides the artifact itself."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import PackagingError
from builder.evidence.provenance.signing import KEY_VARIABLE, Signer, load_signer
from builder.evidence.soup.soup_file import SOUP_NAME, SoupFile, read_soup
from builder.image.image_lock import FILE_NAME as IMAGE_LOCK_NAME
from builder.image.image_lock import lock_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.build_values import Lock
    from builder.manifest.model import Manifest

EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"
"""https://reproducible-builds.org/specs/source-date-epoch/"""

_LATEST_EPOCH = 253_402_300_799
"""The last second of the year 9999."""


class EvidenceSettings(Struct, frozen=True, kw_only=True):
    """What was read for the evidence before the build began.

    Attributes:
        soup: The entries of ``soup.toml``.
        epoch: Seconds since 1970 that stand for the time of the build, or None.
        manifest_name: Of the manifest's file, plugin.toml.
        manifest_sha256: Of that file, in hex.
        lock_name: Of the lock file; empty without one.
        lock_sha256: Of the lock file, in hex; empty without one.
        soup_sha256: Of ``soup.toml``, in hex; empty without one.
        image_lock_sha256: Of ``image.lock``, in hex; empty for a ZIP.
        signer: Signs the provenance, or None.
        started: When the build began.
    """

    soup: SoupFile
    epoch: int | None
    manifest_name: str
    manifest_sha256: str
    lock_name: str
    lock_sha256: str
    soup_sha256: str
    image_lock_sha256: str
    signer: Signer | None
    started: datetime

    @property
    def inputs(self) -> tuple[str, ...]:
        """The part of the settings that decides bytes, for ``inputs_digest``.

        The signing key does not count: with and without a signature it is the same build, with the
        same report.
        """
        return (self.soup_sha256, self.lock_sha256, str(self.epoch))

    @property
    def input_files(self) -> dict[str, str]:
        """Name -> sha256 of each settings file that the plugin has: the manifest, the locks and ``soup.toml``."""
        files = {self.manifest_name: self.manifest_sha256, self.lock_name: self.lock_sha256}
        files |= {SOUP_NAME: self.soup_sha256, IMAGE_LOCK_NAME: self.image_lock_sha256}
        return {name: digest for name, digest in files.items() if digest}

    @property
    def keyid(self) -> str:
        """The id of the key that must have signed an earlier build's provenance; empty when no key is set."""
        return self.signer.keyid if self.signer else ""


def read_settings(manifest: Manifest, lock: Lock, environment: Mapping[str, str]) -> EvidenceSettings:
    """Read ``soup.toml``, the digests of the settings files, the environment variables, the key and the clock.

    Raises:
        ManifestError: ``soup.toml`` is not valid.
        PackagingError: ``SOURCE_DATE_EPOCH`` is not a time, or the signing key cannot be used.
    """
    soup, data = read_soup(manifest.folder)
    return EvidenceSettings(
        soup=soup,
        epoch=_epoch(environment.get(EPOCH_VARIABLE, "")),
        manifest_name=manifest.file.name,
        manifest_sha256=hashlib.sha256(manifest.file.read_bytes()).hexdigest(),
        lock_name=lock.file.name if lock.file else "",
        lock_sha256=hashlib.sha256(lock.file.read_bytes()).hexdigest() if lock.file else "",
        soup_sha256=hashlib.sha256(data).hexdigest() if data else "",
        image_lock_sha256=hashlib.sha256(lock_file(manifest).read_bytes()).hexdigest() if manifest.pins_base else "",
        signer=load_signer(environment.get(KEY_VARIABLE, "")),
        started=datetime.now(UTC),
    )


def _epoch(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > _LATEST_EPOCH:
        msg = f"{EPOCH_VARIABLE} is {text[:40]!r}; it must be a whole number of seconds since 1970."
        raise PackagingError(msg, hint="Set it with `git log -1 --format=%ct`, or unset it.")
    return int(text)
