"""The bodies of create and update requests: the fields of PATCH and PUT, and the multipart form that carries them."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from builder.errors import PublishError
from builder.platform.reserved_variables import BIOT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from builder.progress import Progress

CHUNK: Final = 128 * 1024
_MB: Final = 1_000_000
_RESPONSE_ONLY: Final = frozenset({"endpointUrl", "linkToConsole", "creationTime", "lastModifiedTime"})
_IMMUTABLE: Final = frozenset({"name", "deploymentPackageType"})
_SUBSCRIPTION_KEYS: Final = ("interceptionOrder", "interceptions", "notifications")


def patch_fields(changes: Mapping[str, object]) -> dict[str, object]:
    """The fields of a PATCH: none that is immutable, and all three keys of ``subscriptions`` or none.

    BioT's specification marks all three as required, although its text allows leaving them out. ``null`` means no
    change of the order, and an empty list means no subscriptions.
    """
    fields = {key: value for key, value in changes.items() if key not in _IMMUTABLE}
    subscriptions = fields.get("subscriptions")
    if isinstance(subscriptions, dict):
        empty: dict[str, object] = {"interceptionOrder": None, "interceptions": [], "notifications": []}
        fields["subscriptions"] = {key: subscriptions.get(key, empty[key]) for key in _SUBSCRIPTION_KEYS}
    return fields


def put_fields(current: Mapping[str, object], changes: Mapping[str, object], name: str) -> dict[str, object]:
    """The fields of a PUT, for a server without PATCH: the current ones with the changes applied.

    Args:
        current: The plugin's fields, as BioT answered them.
        changes: What a PATCH would have sent.
        name: Without ``Plugin-``.
    """
    fields = {key: value for key, value in current.items() if key not in _RESPONSE_ONLY and value is not None}
    fields |= changes
    variables = fields.get("environmentVariables")
    if isinstance(variables, dict):
        # BioT adds its own variables again, and refuses them in a request.
        fields["environmentVariables"] = {
            key: value for key, value in variables.items() if not key.startswith(BIOT_PREFIX)
        }
    return {**fields, "name": name}


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginForm:
    """The form of BioT's deployment guide: a plain field ``config`` and a file ``code``.

    Attributes:
        config: JSON text; its part has neither a file name nor a content type.
        code: The ZIP; None when the code does not change.
    """

    config: str
    code: Path | None


class MultipartBody:
    """A form as bytes. The size is known before the first byte is read, and the file is never in memory as a whole.

    Args:
        form: The form.
        progress: Receives every chunk of the upload.

    Raises:
        PublishError: The file cannot be read.
    """

    def __init__(self, form: PluginForm, progress: Progress) -> None:
        self._progress = progress
        # 128 random bits: no content contains them by chance, and nobody can predict them.
        boundary = f"biot-plugin-kit-{secrets.token_hex(16)}"
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._head = _part_header(boundary, 'name="config"') + form.config.encode() + b"\r\n"
        self._tail = f"--{boundary}--\r\n".encode()
        self._file: BinaryIO | None = None
        self._file_size = 0
        if form.code is not None:
            self._file, self._file_size = _open(form.code)
            disposition = f'name="code"; filename="{_quote(form.code.name)}"'
            self._head += _part_header(boundary, disposition, "Content-Type: application/zip\r\n")
            self._tail = b"\r\n" + self._tail

    @property
    def size(self) -> int:
        """Bytes: the request's ``Content-Length``."""
        return len(self._head) + self._file_size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, once. Raises ``OSError`` when the file is shorter than when it was opened."""
        yield self._head
        if self._file is not None:
            yield from self._chunks(self._file)
        yield self._tail

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        remaining = self._file_size
        self._progress.begin("Uploading", -(-remaining // CHUNK))
        while remaining and (chunk := file.read(min(CHUNK, remaining))):
            remaining -= len(chunk)
            yield chunk
            self._progress.advance(f"{(self._file_size - remaining) / _MB:.1f} of {self._file_size / _MB:.1f} MB")
        if remaining:
            msg = f"{file.name} became shorter during the upload"
            raise OSError(msg)


def _open(code: Path) -> tuple[BinaryIO, int]:
    try:
        file = code.open("rb")
        return file, os.fstat(file.fileno()).st_size
    except OSError as error:
        msg = f"{code} cannot be read: {error.strerror}. Nothing was sent."
        raise PublishError(msg, hint="Build it again: `biot-plugin package`.") from error


def _part_header(boundary: str, disposition: str, more: str = "") -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n{more}\r\n".encode()


def _quote(name: str) -> str:
    # As browsers do (HTML standard, multipart/form-data encoding).
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
