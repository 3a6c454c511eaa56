"""Answers that are wrong on the wire, late, or somebody else's."""

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
    """No answer at all."""

    def answer(_: FaultContext) -> Iterator[Step]:
        yield end

    return answer


def cut(end: ConnectionEnd) -> ResponseScript:
    """The headers and half of the body, then the end."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        sent = encode_response(seen.answered, now=seen.now)
        yield sent[: len(sent) - max(1, len(seen.answered.body) // 2)]
        yield Pause(seconds=0.02)  # so that the half arrives before a reset would overtake it
        yield end

    return answer


def error(status: int, code: str, message: str, *headers: tuple[bytes, bytes], **details: object) -> ResponseScript:
    """A complete error in BioT's own form."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        service = seen.path.strip("/").partition("/")[0]
        document = error_body(ApiError(status, code, message, details), TRACE_ID, service)
        body = json.dumps(document).encode()
        yield encode_response(CompleteResponse(status=status, headers=(*JSON, *headers), body=body), now=seen.now)

    return answer


def page(status: int, title: str, *headers: tuple[bytes, bytes]) -> ResponseScript:
    """A page as gateways and captive portals write it."""
    body = PAGE.format(title=title).encode()
    return fixed(CompleteResponse(status=status, headers=(*HTML, *headers), body=body))


def fixed(answered: CompleteResponse) -> ResponseScript:
    """Always the same answer."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        yield encode_response(answered, now=seen.now)

    return answer


def later(status: int, after: timedelta) -> ResponseScript:
    """Not now: Retry-After as a date."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        headers = (*HTML, (b"retry-after", http_date(seen.now + after)))
        yield encode_response(
            CompleteResponse(status=status, headers=headers, body=PAGE.format(title="Later").encode()), now=seen.now
        )

    return answer


def redirect(status: int) -> ResponseScript:
    """To another host, with the same path: a client that follows hands its token over."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        headers = ((b"location", f"{seen.elsewhere.rstrip('/')}{seen.path}".encode()),)
        yield encode_response(CompleteResponse(status=status, headers=headers), now=seen.now)

    return answer


def redirect_to_itself(seen: FaultContext) -> Iterator[Step]:
    """To the same address, for ever."""
    yield encode_response(CompleteResponse(status=308, headers=((b"location", seen.path.encode()),)), now=seen.now)


def changed(change: Callable[[CompleteResponse], CompleteResponse]) -> ResponseScript:
    """The real answer with other content, sent correctly."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        yield encode_response(change(seen.answered), now=seen.now)

    return answer


def sized(difference: int) -> ResponseScript:
    """The real answer with a Content-Length that is too small or too large."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        length = max(0, len(seen.answered.body) + difference)
        yield (
            encode_head(seen.answered.status, with_content_length(seen.answered, length=length), now=seen.now)
            + seen.answered.body
        )

    return answer


def two_lengths(seen: FaultContext) -> Iterator[Step]:
    """Two Content-Lengths that disagree, as request smuggling has them."""
    headers = (*with_content_length(seen.answered), (b"content-length", b"7"))
    yield encode_head(seen.answered.status, headers, now=seen.now) + seen.answered.body


def without_length(version: str) -> ResponseScript:
    """The body ends with the connection, as HTTP/1.0 servers do; correct, if old."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        yield encode_head(seen.answered.status, _unmeasured(seen.answered), now=seen.now, version=version)
        yield seen.answered.body

    return answer


def chunked(last: bytes) -> ResponseScript:
    """In chunks, the last of which is not what it should be."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        headers = (*_unmeasured(seen.answered), (b"transfer-encoding", b"chunked"))
        yield encode_head(seen.answered.status, headers, now=seen.now)
        yield b"%x\r\n%s\r\n%s" % (len(seen.answered.body), seen.answered.body, last)

    return answer


def drip(seen: FaultContext) -> Iterator[Step]:
    """One byte, a pause, one byte: no read ever times out."""
    sent = encode_response(seen.answered, now=seen.now)
    for at in range(len(sent)):
        yield sent[at : at + 1]
        yield Pause(seconds=seen.seconds)


def early_hints(count: int, *, then: ConnectionEnd | None = None) -> ResponseScript:
    """Many informational answers before the real one, or nothing but them."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        for _ in range(count):
            yield b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n"
        yield then or encode_response(seen.answered, now=seen.now)

    return answer


def header_flood(seen: FaultContext) -> Iterator[Step]:
    """A megabyte of headers before the body."""
    flood = tuple((f"x-flood-{number}".encode(), b"z" * 1000) for number in range(1000))
    yield (
        encode_head(seen.answered.status, (*with_content_length(seen.answered), *flood), now=seen.now)
        + seen.answered.body
    )


def bomb(seen: FaultContext) -> Iterator[Step]:
    """A few kilobytes that unpack to 64 MiB."""
    headers = (*JSON, (b"content-encoding", b"gzip"))
    yield encode_response(
        CompleteResponse(status=seen.answered.status, headers=headers, body=_packed_zeros()), now=seen.now
    )


def huge(seen: FaultContext) -> Iterator[Step]:
    """100 MiB of white space before the JSON."""
    length = HUGE_SIZE + len(seen.answered.body)
    yield encode_head(seen.answered.status, with_content_length(seen.answered, length=length), now=seen.now)
    for _ in range(HUGE_SIZE // PIECE):
        yield b" " * PIECE
    yield seen.answered.body


def garbage(_: FaultContext) -> Iterator[Step]:
    """Another protocol answers at this port."""
    yield b"SSH-2.0-OpenSSH_9.2p1\r\n\x00\x00\x01\x14"


@lru_cache(maxsize=1)
def _packed_zeros() -> bytes:
    packer = zlib.compressobj(level=9, wbits=31)
    return b"".join([*(packer.compress(bytes(PIECE)) for _ in range(BOMB_SIZE // PIECE)), packer.flush()])


def _unmeasured(answered: CompleteResponse) -> Headers:
    return tuple(pair for pair in answered.headers if pair[0].lower() != b"content-length")
