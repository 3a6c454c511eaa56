"""Reads npm tarballs strictly: only regular files, below one folder, within a size limit.

Nothing is unpacked to disk, and nothing is repaired: a tarball with a link, a device or a path with ``..`` is refused.
"""

from __future__ import annotations

import re
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, cast

from builder.build_values import EXECUTABLE_MODE, REGULAR_MODE
from builder.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Lambda refuses more than 250 MB unzipped, so no usable package is larger than this.
MAX_UNPACKED = 256 << 20
MAX_FILES = 50_000
_MAX_PATH = 1024
_EXECUTE = 0o111
_FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\\]")


def read_tarball(file: Path, name: str) -> tuple[tuple[str, int, bytes], ...]:
    """The files of one npm package, sorted, without the tarball's own first folder.

    Args:
        file: The ``.tgz``; its integrity is already checked.
        name: ``name version`` of the package, for messages.

    Returns:
        (path, 0o644 or 0o755, content) of each file.

    Raises:
        DependencyError: The tarball is damaged, too large, or contains what an npm package must not contain.
    """
    files: dict[str, tuple[int, bytes]] = {}
    try:
        with file.open("rb") as raw:
            stream = _LimitedReader(raw, name)
            with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|", errorlevel=2) as archive:
                for path, mode, content in _regular_files(archive, name):
                    if files.setdefault(path, (mode, content))[1] != content:
                        raise _refused(name, f"contains {path!r} twice with different content")
            stream.finish()
    except (tarfile.TarError, zlib.error, EOFError, ValueError, UnicodeError) as error:
        raise _refused(name, f"cannot be read ({error})") from error
    if "package.json" not in files:
        raise _refused(name, "has no package.json")
    return tuple((path, *files[path]) for path in sorted(files))


def _regular_files(archive: tarfile.TarFile, name: str) -> Iterator[tuple[str, int, bytes]]:
    for count, member in enumerate(archive, start=1):
        if count > MAX_FILES:
            raise _refused(name, f"has more than {MAX_FILES} members")
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            raise _refused(name, f"contains {member.name!r}, which is a link, a device or a sparse file")
        path = inner_path(member.name)
        if path is None:
            raise _refused(name, f"contains the path {member.name!r}, which is not allowed in an artifact")
        opened = archive.extractfile(member)
        if path and opened is not None:
            mode = EXECUTABLE_MODE if member.mode & _EXECUTE else REGULAR_MODE
            yield path, mode, opened.read()


def inner_path(member: str) -> str | None:
    """The path below the tarball's first folder; empty for a file outside that folder, None for a refused path."""
    parts = [part for part in member.split("/") if part not in {"", "."}]
    forbidden = bool(_FORBIDDEN_CHARACTERS.search(member))
    if member.startswith("/") or ".." in parts or forbidden or len(member) > _MAX_PATH:
        return None
    return "/".join(parts[1:])


def _refused(name: str, reason: str) -> DependencyError:
    message = f"The npm package {name} {reason}, so it is refused."
    return DependencyError(message, hint="Choose another version of it, and report this to its authors.")


class _LimitedReader:
    """Decompresses while reading, up to a limit, so that a small file cannot fill the memory."""

    def __init__(self, raw: IO[bytes], name: str) -> None:
        self._raw = raw
        self._name = name
        self._unzip = zlib.decompressobj(wbits=31)
        self._total = 0

    def read(self, size: int) -> bytes:
        """Exactly ``size`` bytes, fewer only at the end."""
        parts: list[bytes] = []
        missing = size
        while missing > 0 and not self._unzip.eof:
            compressed = self._unzip.unconsumed_tail or self._raw.read(1 << 16)
            if not compressed:
                msg = "it ends too early"
                raise EOFError(msg)
            parts.append(self._unzip.decompress(compressed, missing))
            missing -= len(parts[-1])
        self._total += size - missing
        if self._total > MAX_UNPACKED:
            raise _refused(self._name, f"unpacks to more than {MAX_UNPACKED >> 20} MB")
        return b"".join(parts)

    def finish(self) -> None:
        """Read to the end; readers differ on what follows the first gzip stream, so nothing may follow it."""
        while not self._unzip.eof:
            self.read(1 << 20)
        if (self._unzip.unused_data + self._raw.read()).strip(b"\0"):
            raise _refused(self._name, "has bytes after its end")
