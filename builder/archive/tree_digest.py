"""The digest of what is inside, whatever packed it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from builder.archive.entry_paths import sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable


class DigestedFile(Protocol):
    """What the digest looks at: entries of a bundle and members of an archive both have it."""

    @property
    def path(self) -> str:
        """Relative, ``/`` between parts."""

    @property
    def mode(self) -> int:
        """0o644 or 0o755."""

    @property
    def sha256(self) -> str:
        """Hex digest of the uncompressed content."""


def tree_digest(contents: Iterable[DigestedFile]) -> str:
    r"""Digest paths, modes and contents.

    It is the sha256 of one line per file, ``0644 <sha256 of the content in hex> <path>\n``, sorted by the path's UTF-8
    bytes. No path holds a newline (control characters are refused), so no two trees give the same lines; and anybody
    can compute it again with ``find``, ``sha256sum`` and ``sort``.

    Returns:
        ``sha256:`` and 64 hex digits.
    """
    lines = sorted((sort_key(content.path), content.mode, content.sha256) for content in contents)
    digest = hashlib.sha256()
    digest.update(b"".join(b"%04o %s %s\n" % (mode, sha256.encode(), path) for path, mode, sha256 in lines))
    return f"sha256:{digest.hexdigest()}"
