"""The two ways an entry comes to be: bytes that lie compressed in a pack, and content that is compressed now."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from builder.archive.deflate import LEVEL, squeeze
from builder.build_values import Entry, Inline, Slice

if TYPE_CHECKING:
    from pathlib import Path

    from builder.build_values import LockedPackage, PackMember


def owner_of(package: LockedPackage) -> str:
    """What ``Entry.owner`` says of a package: its name and version."""
    return f"{package.name} {package.version}"


def spliced(path: str, member: PackMember, file: Path | str, owner: str) -> Entry:
    """An entry whose bytes stay where they are until the artifact is written."""
    return Entry(
        path=path,
        mode=member.mode,
        size=member.size,
        sha256=member.sha256,
        crc32=member.crc32,
        method=member.method,
        compressed_size=member.compressed_size,
        source=Slice(str(file), member.offset),
        owner=owner,
    )


def compressed(path: str, mode: int, content: bytes, owner: str = "", *, level: int = LEVEL) -> Entry:
    """An entry whose content is compressed here and kept in memory."""
    squeezed = squeeze(content, level)
    return Entry(
        path=path,
        mode=mode,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        crc32=squeezed.crc32,
        method=squeezed.method,
        compressed_size=len(squeezed.data),
        source=Inline(squeezed.data),
        owner=owner,
    )
