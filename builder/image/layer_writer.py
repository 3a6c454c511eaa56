"""Write layers whose bytes depend only on their files: a tar of files below var/task, in one gzip member.

libdeflate compresses what is in memory at once, so a layer's tar is written to a file and mapped. Several gzip members,
one for each piece, would need less memory, but there are readers that stop after the first one.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, Self

from builder.archive.compression import LEVEL, compressor
from builder.archive.entry_paths import folders_of
from builder.archive.tree_digest import tree_digest
from builder.build_values import STORED, InlineBytes
from builder.errors import PackagingError
from builder.host.fingerprint import code_digest
from builder.image.lambda_images import TASK_ROOT
from builder.image.tar_records import END, file_records, folder_records, padding, unpacked_limit
from builder.oci import OCI_LAYER_GZIP, Descriptor, StoredLayer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from builder.build_values import Entry, FileSlice
    from builder.image.layer_plan import LayerPlan

LAYER_CODE: Final = (
    "archive/",
    "build_values.py",
    "image/layer_writer.py",
    "image/tar_records.py",
    "image/lambda_images.py",
)
"""The code that decides the bytes of a layer."""

_AGAIN: Final = "Run the command again: it downloads missing and damaged packages again."
_MEMORY_BYTES: Final = 96 << 20
"""Bytes of all layers that are compressed at the same time; a larger layer is compressed alone."""


class LayerStorage(Protocol):
    """A place where layers are stored and found by a key."""

    def find_layer(self, key: str) -> StoredLayer | None:
        """The layer under a key, or None when it is missing or damaged."""

    def add_layer(self, key: str, layer: StoredLayer, label: str) -> StoredLayer:
        """Store a layer, whose file is in ``work_folder()``, under a key; the label says what it contains."""

    def work_folder(self) -> AbstractContextManager[Path]:
        """A private folder, deleted afterwards."""


def layer_key(entries: Iterable[Entry]) -> str:
    """The key of the layer with these files: everything that decides its bytes, in hex."""
    parts = ("layer", code_digest(*LAYER_CODE), compressor(), tree_digest(entries))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def collect_layers(plans: Sequence[LayerPlan], storage: LayerStorage) -> tuple[StoredLayer, ...]:
    """One layer for each plan, from the storage if it is there; otherwise it is written and stored.

    Raises:
        PackagingError: A package is missing or was changed during the build.
        DependencyError: The storage is not writable.
    """
    keys = [layer_key(plan.entries) for plan in plans]
    memory = _MemoryLimit(_MEMORY_BYTES)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = list(pool.map(storage.find_layer, keys))
        missing = [number for number, layer in enumerate(found) if layer is None]
        if not missing:
            return tuple(layer for layer in found if layer is not None)
        with storage.work_folder() as folder:

            def write(number: int) -> StoredLayer:
                with memory.reserve(plans[number].size):
                    layer = write_layer(plans[number].entries, folder / f"{number}.gz")
                return storage.add_layer(keys[number], layer, plans[number].label)

            missing.sort(key=lambda number: -plans[number].size)  # a large one at the end would leave cores idle
            written = dict(zip(missing, pool.map(write, missing), strict=True))
    return tuple(layer or written[number] for number, layer in enumerate(found))


def write_layer(entries: Sequence[Entry], target: Path) -> StoredLayer:
    """Write one layer.

    Args:
        entries: Its files, sorted by path.
        target: The layer; its tar is beside it for a moment.

    Raises:
        PackagingError: A package is missing or was changed during the build, or the disk is full.
    """
    import deflate

    tar = target.with_suffix(".tar")
    try:
        with tar.open("w+b") as stream:
            diff_id = _write_tar(entries, stream)
            stream.flush()
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                compressed = deflate.gzip_compress(mapped, LEVEL)
            _refuse_extreme_ratio(target.stem, stream.tell(), len(compressed))
        target.write_bytes(compressed)
    except OSError as error:
        msg = f"The layer {target.name} cannot be written: {error.strerror}."
        raise PackagingError(msg, hint="Check that the disk has free space, then run the command again.") from error
    finally:
        tar.unlink(missing_ok=True)
    digest = f"sha256:{hashlib.sha256(compressed).hexdigest()}"
    descriptor = Descriptor(media_type=OCI_LAYER_GZIP, digest=digest, size=len(compressed))
    return StoredLayer(file=target, descriptor=descriptor, diff_id=diff_id)


def _refuse_extreme_ratio(name: str, unpacked: int, packed: int) -> None:
    """A layer that ``verify`` would take for a bomb is never written."""
    if unpacked > unpacked_limit(packed):
        msg = f"The files of layer {name} are {unpacked:,} bytes of nearly nothing: {packed:,} bytes compressed."
        raise PackagingError(msg, hint="Create files of zeros when the function starts, or exclude them.")


def _write_tar(entries: Sequence[Entry], stream: BinaryIO) -> str:
    """Write the tar and return its digest. Every folder stands before what is in it."""
    digest = hashlib.sha256()
    folders: set[str] = set()

    def write(data: bytes) -> None:
        digest.update(data)
        stream.write(data)

    with _Packages() as packages:
        for entry in entries:
            path = f"{TASK_ROOT}/{entry.path}"
            for folder in folders_of(path):
                if folder not in folders:
                    folders.add(folder)
                    write(folder_records(folder))
            write(file_records(path, entry.mode, entry.size))
            write(packages.content(entry))
            write(padding(entry.size))
    write(END)
    return f"sha256:{digest.hexdigest()}"


class _Packages:
    """The packages that a layer's files come from; the last one stays open, because neighbours share it."""

    def __init__(self) -> None:
        self._name = ""
        self._stream: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def content(self, entry: Entry) -> bytes:
        """An entry's content, unpacked and compared with its checksum."""
        import deflate

        source = entry.source
        packed = source.data if isinstance(source, InlineBytes) else self._read(source, entry)
        try:
            content = packed if entry.method == STORED else bytes(deflate.deflate_decompress(packed, entry.size))
        except deflate.DeflateError:
            content = b""
        if len(content) != entry.size or zlib.crc32(content) != entry.crc32:
            msg = f"{entry.path} of {entry.owner or 'the plugin'} was changed during the build."
            raise PackagingError(msg, hint=_AGAIN)
        return content

    def _read(self, source: FileSlice, entry: Entry) -> bytes:
        try:
            if self._stream is None or self._name != source.file:
                if self._stream is not None:
                    self._stream.close()
                self._stream, self._name = open(source.file, "rb"), source.file  # noqa: PTH123, SIM115 - a path for each file costs time; the class closes it
            self._stream.seek(source.offset)
            return self._stream.read(entry.compressed_size)
        except OSError as error:
            msg = f"{source.file} cannot be read: {error.strerror}. It existed when the build began."
            raise PackagingError(msg, hint=_AGAIN) from error


class _MemoryLimit:
    """Lets threads work at the same time as long as what they work on fits into the memory, and one always."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Wait until ``size`` bytes are free, or nobody else works."""
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + size <= self._limit)
            self._used += size
        try:
            yield
        finally:
            with self._changed:
                self._used -= size
                self._changed.notify_all()
