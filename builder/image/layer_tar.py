"""The tar in a layer, unpacked piece by piece and never beyond what its size allows; and what a reader finds in it."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct

from builder.image.tar_records import RATIO_MAX, padding
from builder.quoting import printable

if TYPE_CHECKING:
    from builder.build_values import PackMember

_CHUNK: Final = 1 << 18
_GZIP_HEADER: Final = bytes.fromhex("1f8b08000000000000ff")
"""Deflate, no flags, no name, no time, unknown system: what libdeflate writes."""


class LayerContents(Struct, frozen=True, kw_only=True):
    """What is in a layer.

    Attributes:
        digest: ``sha256:<hex>`` of the layer.
        diff_id: ``sha256:<hex>`` of its tar.
        unpacked_size: Bytes of its tar.
        members: Its files; sizes are those of the content, not compressed.
        others: Of a layer of a Dockerfile, the paths of everything else: folders with ``/`` at the end, links, devices,
            and deletions (``.wh.`` before a name, as OCI's specification of layers has them).
    """

    digest: str
    diff_id: str
    unpacked_size: int
    members: tuple[PackMember, ...]
    others: tuple[str, ...] = ()


class LayerRefusedError(ValueError):
    """A layer is not in the form that the kit writes; its text is a sentence about one member or the layer."""


class LayerTar:
    """The tar in a layer, unpacked piece by piece, with the digests of both."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self.size = 0
        self._stream = stream
        self._limit = limit
        self._inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._packed = hashlib.sha256()
        self._digest = hashlib.sha256()
        self._pending = b""
        self._ready = b""
        if stream.read(len(_GZIP_HEADER)) != _GZIP_HEADER:
            msg = "It does not begin as a gzip file of the kit does."
            raise LayerRefusedError(msg)
        stream.seek(0)

    def take(self, count: int) -> bytes:
        """The next bytes of the tar, at most ``count``, and at least one.

        Raises:
            LayerRefusedError: The tar ends here, or the layer is damaged or unpacks to too much.
        """
        while not self._ready:
            self._fill()
        data, self._ready = self._ready[:count], self._ready[count:]
        self._digest.update(data)
        return data

    def exactly(self, count: int) -> bytes:
        """The next ``count`` bytes; ``count`` is small."""
        parts = []
        while count:
            part = self.take(count)
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def finish(self) -> tuple[str, str]:
        """The digests of the layer and of its tar, which must both end here."""
        while not self._ready and not self._inflater.eof:
            self._fill(may_end=True)
        if self._ready or self._pending or self._inflater.unused_data or self._stream.read(1):
            msg = "It has bytes after its end."
            raise LayerRefusedError(msg)
        return f"sha256:{self._packed.hexdigest()}", f"sha256:{self._digest.hexdigest()}"

    def _fill(self, *, may_end: bool = False) -> None:
        if self._inflater.eof and may_end:
            return
        if not self._pending:
            self._pending = self._stream.read(_CHUNK)
            self._packed.update(self._pending)
        if self._inflater.eof or not self._pending:
            msg = "It ends too early."
            raise LayerRefusedError(msg)
        try:
            self._ready = self._inflater.decompress(self._pending, _CHUNK)
        except zlib.error as error:
            msg = "Its compressed bytes are damaged."
            raise LayerRefusedError(msg) from error
        self._pending = self._inflater.unconsumed_tail
        self.size += len(self._ready)
        if self.size > self._limit:
            msg = f"It unpacks to more than {self._limit:,} bytes, {RATIO_MAX} times its size: no package does."
            raise LayerRefusedError(msg)

    def content_digest(self, path: str, size: int) -> str:
        """Read a member's content and the zeros after it; its sha256 in hex."""
        digest = hashlib.sha256()
        left = size
        while left:
            part = self.take(left)
            digest.update(part)
            left -= len(part)
        if self.exactly(len(padding(size))).strip(b"\0"):
            msg = f"{printable(path)} has bytes after its content."
            raise LayerRefusedError(msg)
        return digest.hexdigest()


def number_in(field: bytes) -> int:
    """The number in a field of a header."""
    text = field.rstrip(b"\0 ")
    try:
        return int(text, 8) if text else 0
    except ValueError as error:
        msg = "It has a header with a number that cannot be read."
        raise LayerRefusedError(msg) from error
