"""Responses with a fault: malformed on the wire, incomplete, late, or sent by something other than BioT."""

from __future__ import annotations

import json
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from sandbox.faults.socket_steps import (
    HTML,
    JSON,
    CompleteResponse,
    ConnectionEnd,
    Pause,
    encode_head,
    encode_response,
    http_date,
    with_content_length,
)
from sandbox.web.biot_errors import ApiError, error_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from sandbox.faults.socket_steps import FaultContext, Headers, ResponseScript, Step

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PIECE = 65_536
BOMB_SIZE = 64 * 1024 * 1024
HUGE_SIZE = 100 * 1024 * 1024
PAGE = "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1><hr>gateway</body></html>\n"


def ending(end: ConnectionEnd) -> ResponseScript:
    """No response, only the end of the connection."""

    def script(_: FaultContext) -> Iterator[Step]:
        yield end

    return script


def cut(end: ConnectionEnd) -> ResponseScript:
    """The headers and half of the body, then the end of the connection."""

    def script(context: FaultContext) -> Iterator[Step]:
        sent = encode_response(context.response, now=context.now)
        yield sent[: len(sent) - max(1, len(context.response.body) // 2)]
        yield Pause(seconds=0.02)  # otherwise a reset could overtake the half that was sent
        yield end

    return script


def error(status: int, code: str, message: str, *headers: tuple[bytes, bytes], **details: object) -> ResponseScript:
    """A complete error in BioT's format."""

    def script(context: FaultContext) -> Iterator[Step]:
        service = context.path.strip("/").partition("/")[0]
        document = error_body(ApiError(status, code, message, details), TRACE_ID, service)
        body = json.dumps(document).encode()
        yield encode_response(CompleteResponse(status=status, headers=(*JSON, *headers), body=body), now=context.now)

    return script


def page(status: int, title: str, *headers: tuple[bytes, bytes]) -> ResponseScript:
    """An HTML page, as gateways and captive portals send it."""
    body = PAGE.format(title=title).encode()
    return fixed(CompleteResponse(status=status, headers=(*HTML, *headers), body=body))


def fixed(response: CompleteResponse) -> ResponseScript:
    """The same response every time."""

    def script(context: FaultContext) -> Iterator[Step]:
        yield encode_response(response, now=context.now)

    return script


def delayed(context: FaultContext) -> Iterator[Step]:
    """The whole response after a pause."""
    yield Pause(seconds=context.seconds)
    yield encode_response(context.response, now=context.now)


def retry_after_date(status: int, after: timedelta) -> ResponseScript:
    """A refusal with Retry-After as a date."""

    def script(context: FaultContext) -> Iterator[Step]:
        headers = (*HTML, (b"retry-after", http_date(context.now + after)))
        yield encode_response(
            CompleteResponse(status=status, headers=headers, body=PAGE.format(title="Later").encode()), now=context.now
        )

    return script


def redirect(status: int) -> ResponseScript:
    """A redirect to the same path on another host: a client that follows it gives away its token."""

    def script(context: FaultContext) -> Iterator[Step]:
        headers = ((b"location", f"{context.elsewhere.rstrip('/')}{context.path}".encode()),)
        yield encode_response(CompleteResponse(status=status, headers=headers), now=context.now)

    return script


def redirect_to_itself(context: FaultContext) -> Iterator[Step]:
    """A redirect to the same address, without end."""
    yield encode_response(
        CompleteResponse(status=308, headers=((b"location", context.path.encode()),)), now=context.now
    )


def altered(alter: Callable[[CompleteResponse], CompleteResponse]) -> ResponseScript:
    """The real response with altered content, sent correctly."""

    def script(context: FaultContext) -> Iterator[Step]:
        yield encode_response(alter(context.response), now=context.now)

    return script


def wrong_length(difference: int) -> ResponseScript:
    """The real response with a Content-Length that is too small or too large."""

    def script(context: FaultContext) -> Iterator[Step]:
        length = max(0, len(context.response.body) + difference)
        yield (
            encode_head(context.response.status, with_content_length(context.response, length=length), now=context.now)
            + context.response.body
        )

    return script


def two_lengths(context: FaultContext) -> Iterator[Step]:
    """Two different Content-Lengths, as in request smuggling."""
    headers = (*with_content_length(context.response), (b"content-length", b"7"))
    yield encode_head(context.response.status, headers, now=context.now) + context.response.body


def without_length(version: str) -> ResponseScript:
    """The body ends with the connection, as from HTTP/1.0 servers: old but correct."""

    def script(context: FaultContext) -> Iterator[Step]:
        yield encode_head(
            context.response.status, _without_content_length(context.response), now=context.now, version=version
        )
        yield context.response.body

    return script


def chunked(last: bytes) -> ResponseScript:
    """A chunked response with a wrong last chunk."""

    def script(context: FaultContext) -> Iterator[Step]:
        headers = (*_without_content_length(context.response), (b"transfer-encoding", b"chunked"))
        yield encode_head(context.response.status, headers, now=context.now)
        yield b"%x\r\n%s\r\n%s" % (len(context.response.body), context.response.body, last)

    return script


def drip(context: FaultContext) -> Iterator[Step]:
    """One byte at a time with pauses, so that no read times out."""
    sent = encode_response(context.response, now=context.now)
    for index in range(len(sent)):
        yield sent[index : index + 1]
        yield Pause(seconds=context.seconds)


def early_hints(count: int, *, then: ConnectionEnd | None = None) -> ResponseScript:
    """Many informational responses before the real one, or only them."""

    def script(context: FaultContext) -> Iterator[Step]:
        for _ in range(count):
            yield b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n"
        yield then or encode_response(context.response, now=context.now)

    return script


def header_flood(context: FaultContext) -> Iterator[Step]:
    """A megabyte of headers before the body."""
    flood = tuple((f"x-flood-{number}".encode(), b"z" * 1000) for number in range(1000))
    yield (
        encode_head(context.response.status, (*with_content_length(context.response), *flood), now=context.now)
        + context.response.body
    )


def bomb(context: FaultContext) -> Iterator[Step]:
    """A few kilobytes that decompress to 64 MiB."""
    headers = (*JSON, (b"content-encoding", b"gzip"))
    yield encode_response(
        CompleteResponse(status=context.response.status, headers=headers, body=_packed_zeros()), now=context.now
    )


def huge(context: FaultContext) -> Iterator[Step]:
    """100 MiB of whitespace before the JSON."""
    length = HUGE_SIZE + len(context.response.body)
    yield encode_head(context.response.status, with_content_length(context.response, length=length), now=context.now)
    for _ in range(HUGE_SIZE // PIECE):
        yield b" " * PIECE
    yield context.response.body


def garbage(_: FaultContext) -> Iterator[Step]:
    """The response of another protocol."""
    yield b"SSH-2.0-OpenSSH_9.2p1\r\n\x00\x00\x01\x14"


@lru_cache(maxsize=1)
def _packed_zeros() -> bytes:
    packer = zlib.compressobj(level=9, wbits=31)
    return b"".join([*(packer.compress(bytes(PIECE)) for _ in range(BOMB_SIZE // PIECE)), packer.flush()])


def _without_content_length(response: CompleteResponse) -> Headers:
    return tuple(pair for pair in response.headers if pair[0].lower() != b"content-length")
