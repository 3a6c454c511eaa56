"""The multipart form of a creation or update: ``config`` as text, and ``code``, which is streamed to the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from sandbox.settings.code.code_store import Upload
from sandbox.web.biot_errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from python_multipart.multipart import MultipartCallbacks
    from starlette.requests import Request

CONFIG_MAX = 1 << 20
"""Bytes of ``config``: the kit's choice, far more than its fields need."""
_PARTS_MAX = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadForm:
    """The parts of a form.

    Attributes:
        config: JSON text.
        code: The uploaded ZIP on the disk; None without a ``code`` part.
    """

    config: str
    code: Upload | None


async def receive(request: Request, new_file: Callable[[], Upload], stack: ExitStack) -> UploadForm:
    """Read a complete form.

    Args:
        request: The request, whose body has not been read yet.
        new_file: Creates the file for ``code``.
        stack: Deletes that file at the end of the request.

    Raises:
        ApiError: 400, the form is malformed.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        msg = "The body must be multipart/form-data with the part config and, for a ZIP, the part code."
        raise bad_request(msg)
    reader = _Reader(lambda: stack.enter_context(new_file()))
    try:
        parser = MultipartParser(boundary, reader.callbacks)
        async for chunk in request.stream():
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        msg = "The body is not a valid multipart form."
        raise bad_request(msg) from error
    return reader.form()


class _Reader:
    """Collects the parts from the parser's callbacks."""

    def __init__(self, new_file: Callable[[], Upload]) -> None:
        self._new_file = new_file
        self._name = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._parts: dict[str, bytearray | Upload] = {}
        self._part: bytearray | Upload = bytearray()
        self._ended = False
        self.callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._on_name,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_end": self._on_end,
        }

    def form(self) -> UploadForm:
        config, code = self._parts.get("config"), self._parts.get("code")
        if not self._ended:
            msg = "The form is incomplete: its last boundary is missing."
            raise bad_request(msg)
        if not isinstance(config, bytearray):
            msg = "The part config, the configuration as JSON, is missing."
            raise bad_request(msg)
        try:
            text = config.decode()
        except UnicodeDecodeError as error:
            msg = "config is not valid UTF-8."
            raise bad_request(msg) from error
        if isinstance(code, Upload):
            code.finish()
        return UploadForm(config=text, code=code if isinstance(code, Upload) else None)

    def _begin(self) -> None:
        self._headers = {}

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name", b"").decode("latin-1")
        if name not in {"config", "code"} or name in self._parts or len(self._parts) >= _PARTS_MAX:
            msg = "The parts of the form are config and code, each at most once, and no others."
            raise bad_request(msg)
        if name == "code" and b"filename" not in options:
            msg = "The part code must be a file: its Content-Disposition needs a filename."
            raise bad_request(msg)
        self._part = self._new_file() if name == "code" else bytearray()
        self._parts[name] = self._part

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if isinstance(self._part, Upload):
            self._part.write(data[start:end])
        elif len(self._part) + end - start > CONFIG_MAX:
            msg = f"config is longer than {CONFIG_MAX} bytes."
            raise bad_request(msg)
        else:
            self._part += data[start:end]

    def _on_end(self) -> None:
        self._ended = True
