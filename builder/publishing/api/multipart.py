"""The body of create and update as BioT's deployment guide shows it: a plain field ``config``, a file ``code``."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from builder.progress import Progress

CHUNK = 128 * 1024
_MB = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginForm:
    """What is sent.

    Attributes:
        config: JSON text; its part has neither a file name nor a content type.
        code: The ZIP, or None: then no code changes.
    """

    config: str
    code: Path | None


class MultipartBody:
    """A form as bytes whose number is known before the first is read; the file is never in memory whole.

    Args:
        form: What is sent.
        progress: Told of every chunk of the file.

    Raises:
        PublishError: The file cannot be read.
    """

    def __init__(self, form: PluginForm, progress: Progress) -> None:
        self._progress = progress
        # 128 random bits: no content contains them by chance, and nobody can foresee them.
        boundary = f"biot-plugin-kit-{secrets.token_hex(16)}"
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._head = _part(boundary, 'name="config"') + form.config.encode() + b"\r\n"
        self._tail = f"--{boundary}--\r\n".encode()
        self._file: BinaryIO | None = None
        self._file_size = 0
        if form.code is not None:
            self._file, self._file_size = _open(form.code)
            described = f'name="code"; filename="{_quoted(form.code.name)}"'
            self._head += _part(boundary, described, "Content-Type: application/zip\r\n")
            self._tail = b"\r\n" + self._tail

    @property
    def size(self) -> int:
        """Bytes: the request's ``Content-Length``."""
        return len(self._head) + self._file_size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, once. Raises ``OSError`` when the file cannot be read to the end that it had."""
        yield self._head
        if self._file is not None:
            yield from self._chunks(self._file)
        yield self._tail

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        left = self._file_size
        self._progress.begin("Uploading", -(-left // CHUNK))
        while left and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
            self._progress.advance(f"{(self._file_size - left) / _MB:.1f} of {self._file_size / _MB:.1f} MB")
        if left:
            msg = f"{file.name} became shorter while it was sent"
            raise OSError(msg)


def _open(code: Path) -> tuple[BinaryIO, int]:
    try:
        file = code.open("rb")
        return file, os.fstat(file.fileno()).st_size
    except OSError as error:
        msg = f"{code} cannot be read: {error.strerror}. Nothing was sent."
        raise PublishError(msg, hint="Build it again: `biot-plugin package`.") from error


def _part(boundary: str, described: str, more: str = "") -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {described}\r\n{more}\r\n".encode()


def _quoted(name: str) -> str:
    # As browsers do (HTML standard, multipart/form-data encoding).
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
