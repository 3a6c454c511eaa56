"""One build as data: each stage takes one value and returns the next, so that nothing half-built is passed on.

``Manifest`` (builder.manifest) -> ``Lock`` -> ``Pack`` -> ``Entry`` / ``Bundle`` -> ``Artifact``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

STORED = 0
DEFLATED = 8
REGULAR_MODE = 0o644
EXECUTABLE_MODE = 0o755


class OwnFile(Protocol):
    """One of the plugin's own files, with the attributes that checks read."""

    @property
    def path(self) -> str:
        """Path in the artifact, as ``[build] exclude`` names it."""

    @property
    def origin(self) -> str:
        """Path relative to the plugin's folder, for messages."""

    @property
    def content(self) -> bytes:
        """Its bytes."""


class LockedPackage(Struct, frozen=True, kw_only=True):
    """One package that the lock pins.

    Attributes:
        name: Normalized name (PEP 503), or npm name.
        version: Exact version.
        digest: Of the downloaded file: ``sha256:<hex>`` of a wheel, or npm's ``sha512-<base64>``.
        places: Its folders in the artifact: ``("",)`` for Python, or for npm such as
            ``("node_modules/a",)``.
        source: The source archive of a wheel that was built here, and the tool; empty for a
            published wheel.
        tarball: An npm package's file in the repository, relative to the lock; empty when it comes
            from a registry.
        wheel: The wheel's file name; empty for npm packages, and when the lock does not say.
    """

    name: str
    version: str
    digest: str
    places: tuple[str, ...] = ("",)
    source: str = ""
    tarball: str = ""
    wheel: str = ""


class Lock(Struct, frozen=True, kw_only=True):
    """The pinned packages for the manifest's runtime.

    Attributes:
        file: The lock; None without dependencies.
        packages: The pinned packages.
        folders: (folder relative to the lock, place in the artifact) of each npm package in the
            repository.
        rules: Everything else in the repository that decides whether the lock is accepted, as text.
        reads_other_folders: Whether files outside of the plugin's folder decided it, such as a
            requirements file or an npm package elsewhere in the repository.
    """

    file: Path | None
    packages: tuple[LockedPackage, ...]
    folders: tuple[tuple[str, str], ...] = ()
    rules: str = ""
    reads_other_folders: bool = False


class FileSlice(Struct, frozen=True):
    """Compressed bytes that are already in a file, ``offset`` bytes from its start."""

    file: str
    offset: int


class InlineBytes(Struct, frozen=True):
    """Compressed bytes in memory."""

    data: bytes


class PackMember(Struct, frozen=True, kw_only=True, array_like=True):
    """One regular file inside a pack, with the position of its compressed bytes. In JSON it is an array.

    Attributes:
        path: As in the pack: relative, ``/`` between parts.
        mode: 0o755 when any execute bit was set, else 0o644.
        size: Bytes uncompressed.
        sha256: Hex digest of the uncompressed content.
        crc32: As in the ZIP.
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


class Pack(Struct, frozen=True, kw_only=True):
    """One package's files as a ZIP in the store: a wheel as it is, an npm package after one conversion."""

    package: LockedPackage
    file: Path
    members: tuple[PackMember, ...]


class Entry(Struct, frozen=True, kw_only=True):
    """One path of the artifact, with the place of its compressed bytes.

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


class Bundle(Struct, frozen=True, kw_only=True):
    """All files of the artifact: sorted by the path's UTF-8 bytes, unique, inside the root.

    Attributes:
        entries: The files.
        tree_digest: ``sha256:<hex>`` over path, mode and content of every entry, whatever the
            compressor.
    """

    entries: tuple[Entry, ...]
    tree_digest: str

    @property
    def size(self) -> int:
        """Bytes of all entries together, uncompressed."""
        return sum(entry.size for entry in self.entries)


class Artifact(Struct, frozen=True, kw_only=True):
    """The written ZIP or image.

    Attributes:
        file: Absolute path of the ZIP, or of the folder with the OCI layout of the image.
        sha256: Hex digest of the ZIP, or of the image's manifest.
        size: Bytes of the ZIP, or of all files in the folder.
        unpacked_size: Bytes of its content uncompressed.
        entries: Number of files inside.
        tree_digest: As in ``Bundle``.
    """

    file: Path
    sha256: str
    size: int
    unpacked_size: int
    entries: int
    tree_digest: str
