"""One layer of an image: what it adds, changes and removes below ``/var/task``, checked before anything is written.

Source: OCI image specification 1.1.1, "Image Layer Filesystem Changeset": a file ``.wh.NAME`` removes ``NAME`` of the
layers below, ``.wh..wh..opq`` everything in its folder.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import IO, TYPE_CHECKING

from builder.image.lambda_images import IMAGE_MAX, TASK_ROOT
from builder.oci import GZIP_LAYER_TYPES, OCI_LAYER_TAR
from builder.quoting import printable
from sandbox.functions.function_errors import FunctionUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.oci import Descriptor

_TASK = tuple(TASK_ROOT.split("/"))
_WHITEOUT, _OPAQUE, _AUFS = ".wh.", ".wh..wh..opq", ".wh..wh."
_OTHERS = 0o005
_PIECE = 1 << 20


class EntryKind(Enum):
    """What an entry of a layer does."""

    FILE = auto()
    FOLDER = auto()
    SYMBOLIC_LINK = auto()
    HARD_LINK = auto()
    REMOVAL = auto()
    EMPTIED_FOLDER = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerEntry:
    """One entry.

    Attributes:
        path: Relative to ``/var/task``, with ``/`` between the parts; empty for that folder itself.
        kind: What it does.
        mode: Permissions, for all users those of others: on Lambda the code belongs to somebody else.
        target: Of a symbolic link as it is written, of a hard link relative to ``/var/task``.
        content: Of a file. It can be read until the next entry.
    """

    path: str
    kind: EntryKind
    mode: int = 0
    target: str = ""
    content: IO[bytes] | None = None


def task_entries(file: Path, layer: Descriptor) -> Iterator[LayerEntry]:
    """Yield the entries of a layer that concern ``/var/task``.

    Args:
        file: The blob.
        layer: Its descriptor.

    Raises:
        FunctionUnavailableError: The blob is not what its descriptor says, not a tar, larger than Lambda accepts, or
            has an entry that would leave the folder or is neither file, folder nor link.
    """
    _check_digest(file, layer)
    try:
        with _tar(file, layer) as archive:
            for member in archive:
                if entry := _entry(archive, member):
                    yield entry
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        msg = f"The layer {layer.digest} cannot be read: {error}."
        raise unusable(msg) from error


def unusable(message: str) -> FunctionUnavailableError:
    """Return the error for an image that cannot be unpacked."""
    return FunctionUnavailableError(message, hint="Build or push the image again, with one of AWS's base images.")


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> LayerEntry | None:
    """Return what an entry of the tar means; None when it does not concern the code."""
    parts = _parts(member.name)
    name = parts[-1] if parts else ""
    if name == _OPAQUE:
        return _removal(parts[:-1], EntryKind.EMPTIED_FOLDER)
    if name.startswith(_AUFS):
        return None
    if name.startswith(_WHITEOUT):
        return _removal((*parts[:-1], name.removeprefix(_WHITEOUT)), EntryKind.REMOVAL)
    if parts == _TASK[: len(parts)]:
        if not member.isdir():
            msg = f"The image has {printable(member.name)}, which is not a folder."
            raise unusable(msg)
        return None
    if parts[: len(_TASK)] != _TASK:
        return None
    return _task_entry(archive, member, "/".join(parts[len(_TASK) :]))


def _task_entry(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> LayerEntry:
    mode = (member.mode & _OTHERS) * 0o111
    if member.isdir():
        return LayerEntry(path=path, kind=EntryKind.FOLDER, mode=mode)
    if member.issym():
        return LayerEntry(path=path, kind=EntryKind.SYMBOLIC_LINK, target=member.linkname)
    if member.islnk():
        target = _parts(member.linkname)
        if target[: len(_TASK)] != _TASK or len(target) == len(_TASK):
            msg = f"{printable(member.name)} is a link to {printable(member.linkname)}, outside of /var/task."
            raise unusable(msg)
        return LayerEntry(path=path, kind=EntryKind.HARD_LINK, target="/".join(target[len(_TASK) :]))
    if member.isreg():
        content = archive.extractfile(member)
        return LayerEntry(path=path, kind=EntryKind.FILE, mode=mode, content=content)
    msg = f"{printable(member.name)} is neither a file, a folder nor a link."
    raise unusable(msg)


def _removal(parts: tuple[str, ...], kind: EntryKind) -> LayerEntry | None:
    if parts == _TASK[: len(parts)]:  # /var, /var/task, or everything
        return LayerEntry(path="", kind=kind)
    if parts[: len(_TASK)] == _TASK:
        return LayerEntry(path="/".join(parts[len(_TASK) :]), kind=kind)
    return None


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a path in a tar, which is relative to the root with or without ``./`` or ``/`` before it."""
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    wrong = any(part in {"..", f"{_WHITEOUT}.", f"{_WHITEOUT}..", _WHITEOUT} for part in parts)
    if wrong or any(ord(character) < ord(" ") or character == "\\" for character in name):
        msg = f"The image has an entry with an unsafe path: {printable(name)}."
        raise unusable(msg)
    return parts


@contextmanager
def _tar(file: Path, layer: Descriptor) -> Iterator[tarfile.TarFile]:
    with file.open("rb") as stream:
        if layer.media_type in GZIP_LAYER_TYPES:
            with gzip.GzipFile(fileobj=stream) as unzipped, _opened(_LimitedStream(unzipped)) as archive:
                yield archive
        elif layer.media_type == OCI_LAYER_TAR:
            with _opened(_LimitedStream(stream)) as archive:
                yield archive
        else:
            msg = f"The layer {layer.digest} has the media type {printable(layer.media_type)}."
            raise unusable(msg)


def _opened(stream: _LimitedStream) -> tarfile.TarFile:
    return tarfile.open(fileobj=stream, mode="r|")


class _LimitedStream(io.RawIOBase):
    """Reads a stream, and refuses more bytes than an image may have."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        super().__init__()
        self._stream = stream
        self._left = IMAGE_MAX

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            msg = f"The image has more than {IMAGE_MAX} bytes."
            raise unusable(msg)
        return data


def _check_digest(file: Path, layer: Descriptor) -> None:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        msg = f"The layer {layer.digest} cannot be read: {error.strerror}."
        raise unusable(msg) from error
    if f"sha256:{digest.hexdigest()}" != layer.digest:
        msg = f"The file of the layer {layer.digest} has other bytes."
        raise unusable(msg)
