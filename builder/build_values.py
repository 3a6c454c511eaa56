"""One build as data: each stage takes the value before it and returns the next, so nothing half-built is passed on.

``Manifest`` (builder.manifest) -> ``Lock`` -> ``Pack`` -> ``Entry`` / ``Bundle`` -> ``Artifact``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

STORED = 0
DEFLATED = 8
REGULAR_MODE = 0o644
EXECUTABLE_MODE = 0o755


class OwnFile(Protocol):
    """One of the plugin's own files, as far as the rooms that read them look at it."""

    @property
    def path(self) -> str:
        """In the artifact, as ``[build] exclude`` names it."""

    @property
    def origin(self) -> str:
        """As the user knows it: relative to the plugin's folder."""

    @property
    def content(self) -> bytes:
        """Its bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedPackage:
    """One package that the lock pins.

    Attributes:
        name: Normalised name (PEP 503) or npm name.
        version: Exact version.
        digest: What the downloaded file must hash to: ``sha256:<hex>`` of a wheel, or npm's ``sha512-<base64>``.
        places: Folders of the artifact that receive it: ``("",)`` for Python, ``("node_modules/a", …)`` for npm.
        source: What a wheel was built from here, and by what; empty for what was published as it is.
        tarball: Path of an npm package's file in the repository, relative to the lock; empty when it is in a registry.
        wheel: The wheel's file name; empty for npm packages, and when the lock does not say.
    """

    name: str
    version: str
    digest: str
    places: tuple[str, ...] = ("",)
    source: str = ""
    tarball: str = ""
    wheel: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """The pinned packages for the manifest's runtime.

    Attributes:
        file: The lock; None without dependencies.
        packages: What it pins.
        folders: (folder, place in the artifact) of each npm package that lies in the repository; relative to the lock.
        rules: What else in the repository decides whether the lock is accepted, as text.
    """

    file: Path | None
    packages: tuple[LockedPackage, ...]
    folders: tuple[tuple[str, str], ...] = ()
    rules: str = ""


@dataclass(frozen=True, slots=True)
class FileSlice:
    """Compressed bytes that already lie in a file, ``offset`` bytes from its start."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class InlineBytes:
    """Compressed bytes in memory."""

    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class PackMember:
    """One regular file inside a pack, with where its compressed bytes lie.

    Attributes:
        path: As in the pack: relative, ``/`` between parts.
        mode: 0o755 when any execute bit was set, else 0o644.
        size: Bytes uncompressed.
        sha256: Hex digest of the uncompressed content.
        crc32: As ZIP has it.
        method: 0 stored or 8 deflated.
        compressed_size: Bytes at ``offset``.
        offset: From the start of the pack's file.
    """

    path: str
    mode: int
    size: int
    sha256: str
    crc32: int
    method: int
    compressed_size: int
    offset: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """One package's files as a ZIP in the store: a wheel is one as it is, an npm package becomes one once."""

    package: LockedPackage
    file: Path
    members: tuple[PackMember, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One path of the artifact and where its compressed bytes already are.

    ``owner`` is ``name version`` of the package it comes from, or empty for the plugin's own files.
    """

    path: str
    mode: int
    size: int
    sha256: str
    crc32: int
    method: int
    compressed_size: int
    source: FileSlice | InlineBytes
    owner: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """Everything that goes into the artifact: sorted by path's UTF-8 bytes, unique, inside the root.

    Attributes:
        entries: The files.
        tree_digest: ``sha256:<hex>`` over (path, mode, sha256 of content) of every entry; no compressor changes it.
    """

    entries: tuple[Entry, ...]
    tree_digest: str

    @property
    def size(self) -> int:
        """Bytes uncompressed, all entries together."""
        return sum(entry.size for entry in self.entries)


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """The written ZIP.

    Attributes:
        file: Absolute path.
        sha256: Hex digest of the file.
        size: Bytes of the file.
        unpacked_size: Bytes of its content uncompressed.
        entries: How many files are inside.
        tree_digest: As in ``Bundle``.
    """

    file: Path
    sha256: str
    size: int
    unpacked_size: int
    entries: int
    tree_digest: str
