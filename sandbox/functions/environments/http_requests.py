"""Reads the HTTP/1.1 requests of a runtime client from the pieces that arrive on a connection. No I/O.

A parser of its own, because a general one takes longer than the whole rest of a warm call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEAD_MAX = 2_097_152
"""Bytes of a request line with its headers. awslambdaric sends a trace of an error as a header of up to 1 MB."""


class MalformedRequestError(Exception):
    """The client does not speak HTTP/1.1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiRequest:
    """One request.

    Attributes:
        method: In capitals.
        path: Without a query.
        headers: By name in lower case; trailers too.
        body: Its bytes, without those after the largest accepted size.
        size: Bytes of the whole body.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    size: int


@dataclass(slots=True)
class _Partial:
    method: str
    path: str
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    size: int = 0
    missing: int = 0
    """Bytes of the body, or of the current chunk, that have not arrived yet."""
    chunked: bool = False
    last_chunk: bool = False


class RequestReader:
    """Collects pieces until a request is complete.

    Args:
        body_max: Bytes of a body that are kept; the rest is counted and discarded.
    """

    def __init__(self, body_max: int) -> None:
        self._buffer = bytearray()
        self._body_max = body_max
        self._request: _Partial | None = None

    def feed(self, data: bytes) -> Iterator[ApiRequest]:
        """Add a piece and yield each request that is complete with it.

        Raises:
            MalformedRequestError: The client does not speak HTTP/1.1.
        """
        self._buffer += data
        while (request := self._next()) is not None:
            yield request

    def _next(self) -> ApiRequest | None:
        if self._request is None:
            self._request = self._read_head()
        partial = self._request
        if partial is None:
            return None
        complete = self._read_chunks(partial) if partial.chunked else self._read_body(partial)
        if not complete:
            return None
        self._request = None
        return ApiRequest(
            method=partial.method,
            path=partial.path,
            headers=partial.headers,
            body=bytes(partial.body),
            size=partial.size,
        )

    def _read_head(self) -> _Partial | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _HEAD_MAX:
                raise MalformedRequestError
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        headers = dict(map(_header, lines))
        try:
            method, target, _version = first.split(" ")
            partial = _Partial(method, target.partition("?")[0], headers)
            partial.missing = int(headers.get("content-length") or 0)
        except ValueError as error:
            raise MalformedRequestError from error
        partial.chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        if partial.chunked:
            partial.missing = 0
        return partial

    def _read_body(self, partial: _Partial) -> bool:
        """Move arrived bytes into the body; return whether none is missing."""
        taken = min(partial.missing, len(self._buffer))
        if taken:
            kept = max(0, min(taken, self._body_max - len(partial.body)))
            partial.body += memoryview(self._buffer)[:kept]
            del self._buffer[:taken]
            partial.size += taken
            partial.missing -= taken
        return partial.missing == 0

    def _read_chunks(self, partial: _Partial) -> bool:
        """Read chunks, each with its size in a line before and a line end behind it, then the trailers."""
        while self._read_body(partial):
            line = self._take_line()
            if line is None:
                return False
            if partial.last_chunk:
                if not line:
                    return True
                name, value = _header(line)
                partial.headers[name] = value
            elif line:  # empty: the line end behind the previous chunk
                partial.missing = _chunk_size(line)
                partial.last_chunk = partial.missing == 0
        return False

    def _take_line(self) -> str | None:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return None
        line = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 2]
        return line


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _chunk_size(line: str) -> int:
    try:
        return int(line.partition(";")[0], 16)
    except ValueError as error:
        raise MalformedRequestError from error
