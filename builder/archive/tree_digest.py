"""The tree digest: of an archive's paths, modes and contents, whatever compressed them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from builder.archive.entry_paths import sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable


class DigestedFile(Protocol):
    """The values of a file that the digest covers. ``Entry`` and ``PackMember`` have them."""

    @property
    def path(self) -> str:
        """Relative, ``/`` between parts."""

    @property
    def mode(self) -> int:
        """0o644 or 0o755."""

    @property
    def sha256(self) -> str:
        """Hex digest of the uncompressed content."""


def tree_digest(files: Iterable[DigestedFile]) -> str:
    r"""The digest of paths, modes and contents.

    It is the sha256 of one line per file, ``0644 <sha256 of the content in hex> <path>\n``, sorted
    by the path's UTF-8 bytes. No path contains a newline (control characters are refused), so two
    trees never give the same lines. Anybody can compute it with ``find``, ``sha256sum`` and
    ``sort``.

    Returns:
        ``sha256:`` and 64 hex digits.
    """
    lines = sorted((sort_key(file.path), file.mode, file.sha256) for file in files)
    digest = hashlib.sha256()
    digest.update(b"".join(b"%04o %s %s\n" % (mode, sha256.encode(), path) for path, mode, sha256 in lines))
    return f"sha256:{digest.hexdigest()}"
