"""What can go wrong between a client and a registry, as ``Fault`` values for ``ImageRegistry.interfere``."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.support.servers.image_registry import (
    MANIFEST,
    UPLOADS,
    Fault,
    ImageRegistry,
    Reply,
    Seen,
    problem,
    sha256,
    upload_id,
)
from tests.support.servers.raw_http import reset

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOB = f'{{"mediaType":"a","digest":"sha256:{"7" * 64}","size":1}}'
_THEIR_MANIFEST = f'{{"schemaVersion":2,"config":{_BLOB},"layers":[]}}'.encode()
THEIRS = sha256(_THEIR_MANIFEST)
"""The digest of somebody else's image."""
_UPLOADING = ("POST uploads", "POST mount", "PATCH upload")
_PAGE = b"<html><body>502 Bad Gateway</body></html>"


def _status(status: int, code: str, **headers: str) -> Callable[[ImageRegistry, Seen], Reply]:
    def answer(_: ImageRegistry, __: Seen) -> Reply:
        reply = problem(status, code)
        reply.headers.update({name.replace("_", "-"): text for name, text in headers.items()})
        return reply

    return answer


def _page(status: int) -> Callable[[ImageRegistry, Seen], Reply]:
    return lambda _, __: Reply(status=status, headers={"content-type": "text/html"}, body=_PAGE)


def _header(name: str, text: str | None) -> Callable[[ImageRegistry, Seen, Reply], None]:
    """Change a header that the reply has; None deletes it."""

    def alter(_: ImageRegistry, __: Seen, reply: Reply) -> None:
        if reply.headers.pop(name, None) is not None and text is not None:
            reply.headers[name] = text

    return alter


def _challenge(registry: ImageRegistry, _: Seen) -> Reply:
    return registry.challenge()


def _expire(registry: ImageRegistry, _: Seen) -> None:
    registry.tokens.clear()


def _forget_upload(registry: ImageRegistry, seen: Seen) -> None:
    registry.end(upload_id(seen.path))


def _move_tag(registry: ImageRegistry, seen: Seen) -> None:
    if match := MANIFEST.fullmatch(seen.path):
        repository = registry.repository(match[1])
        repository.manifests[THEIRS] = ("application/vnd.oci.image.manifest.v1+json", _THEIR_MANIFEST)
        repository.tags[match[2]] = THEIRS


def _move_tag_after(registry: ImageRegistry, seen: Seen, _: Reply) -> None:
    _move_tag(registry, seen)


def _lose_blob(registry: ImageRegistry, seen: Seen) -> None:
    if (match := MANIFEST.fullmatch(seen.path)) and (blobs := registry.repository(match[1]).blobs):
        del blobs[min(blobs)]


def _refuse_mount(registry: ImageRegistry, seen: Seen) -> Reply:
    match = UPLOADS.fullmatch(seen.path)
    assert match is not None
    return registry.reply(replace(seen, query={}), b"")


def _garble(_: ImageRegistry, __: Seen, reply: Reply) -> None:
    middle = len(reply.body) // 2
    if reply.body:
        reply.body = reply.body[:middle] + bytes([reply.body[middle] ^ 4]) + reply.body[middle + 1 :]


def _longer(_: ImageRegistry, seen: Seen, reply: Reply) -> None:
    if seen.method == "HEAD":
        reply.headers["content-length"] = str(len(reply.body) + 9)
    else:
        reply.body += b" " * 9 if seen.kind != "GET blob" else b"123456789"


def _half(connection: socket.socket, content: bytes) -> None:
    connection.sendall(content[: max(20, len(content) // 2)])
    reset(connection)


def _closed(connection: socket.socket, content: bytes) -> None:
    connection.sendall(content[:-1])
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _drip(connection: socket.socket, content: bytes) -> None:
    with suppress(OSError):
        for at in range(min(40, len(content))):
            connection.sendall(content[at : at + 1])
            time.sleep(0.05)


def _silence(connection: socket.socket, _: bytes) -> None:
    with suppress(OSError):
        connection.settimeout(3.0)
        connection.recv(1)


def _noise(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
    reset(connection)


def _reset(connection: socket.socket, _: bytes) -> None:
    reset(connection)


def _elsewhere(name: str, address: str) -> Fault:
    def alter(_: ImageRegistry, __: Seen, reply: Reply) -> None:
        if "location" in reply.headers:
            reply.headers["location"] = f"{address}/v2/x/blobs/uploads/1f"

    return Fault(name=name, on=_UPLOADING, alter=alter)


def redirecting_to(address: str) -> list[Fault]:
    """All faults; those that name another server name this one.

    Args:
        address: Scheme, host and port of a server that should see no credentials and no upload.
    """
    moved = f"{address}/v2/moved"
    return [
        Fault(name="reset before the request is read", cut=0.0),
        Fault(name="reset in the middle of the body, which is kept", cut=0.5, keeps=True, needs_body=True),
        Fault(name="reset in the middle of the body, which is lost", cut=0.5, needs_body=True),
        Fault(name="reset after the whole body, without effect", cut=1.0, needs_body=True),
        Fault(name="reset after the effect", send=_reset),
        Fault(name="reset in the middle of the answer", send=_half),
        Fault(name="closed before the end of the answer", send=_closed),
        Fault(name="an answer of one byte now and then", send=_drip),
        Fault(name="no answer", send=_silence),
        Fault(name="an answer that is not HTTP", send=_noise),
        Fault(name="401 with a challenge", answer=_challenge, recovers=True),
        Fault(name="401 without a challenge", answer=_status(401, "UNAUTHORIZED")),
        Fault(name="every token expired", before=_expire),
        Fault(name="403 because the token expired", answer=_status(403, "DENIED: token has expired")),
        Fault(name="403", answer=_status(403, "DENIED"), recovers=False),
        Fault(name="408", answer=_status(408, "TIMEOUT")),
        Fault(name="429", answer=_status(429, "TOOMANYREQUESTS")),
        Fault(name="429 with Retry-After", answer=_status(429, "TOOMANYREQUESTS", retry_after="0")),
        Fault(name="500 without effect", answer=_status(500, "UNKNOWN")),
        Fault(name="500 with effect", answer=_status(500, "UNKNOWN"), effect=True),
        Fault(name="502 and a page, without effect", answer=_page(502)),
        Fault(name="502 and a page, with effect", answer=_page(502), effect=True),
        Fault(name="503 with Retry-After", answer=_status(503, "UNAVAILABLE", retry_after="0")),
        Fault(name="504 without effect", answer=_status(504, "UNKNOWN")),
        Fault(name="504 with effect", answer=_status(504, "UNKNOWN"), effect=True),
        Fault(name="200 and a page, without effect", answer=_page(200)),
        Fault(name="404 and a page", answer=_page(404)),
        Fault(name="another digest in the answer", alter=_header("docker-content-digest", THEIRS)),
        Fault(name="another length in the answer", alter=_longer),
        Fault(name="other bytes in the answer", alter=_garble, on=("GET",)),
        Fault(name="an encoding that was not requested", alter=_encoded),
        Fault(name="another range", alter=_header("range", "0-9"), on=("PATCH", "GET upload")),
        Fault(name="no range", alter=_header("range", None), on=("PATCH", "GET upload")),
        Fault(name="no Location", alter=_header("location", None), on=_UPLOADING),
        Fault(name="a Location that is no address", alter=_header("location", "http://[::x/"), on=_UPLOADING),
        Fault(name="a Location of another upload", alter=_header("location", "/v2/x/blobs/uploads/12"), on=_UPLOADING),
        _elsewhere("a Location on another server", address),
        Fault(name="307 to another server", answer=_status(307, "MOVED", location=moved)),
        Fault(name="302 to another server", answer=_status(302, "MOVED", location=moved)),
        Fault(name="the upload is lost", before=_forget_upload, on=("PATCH", "PUT upload", "GET upload")),
        Fault(name="416", answer=_status(416, "RANGE_INVALID"), on=("PATCH", "PUT upload")),
        Fault(name="400 for the digest", answer=_status(400, "DIGEST_INVALID"), on=("PUT upload",)),
        Fault(name="the mount is refused", answer=_refuse_mount, on=("POST mount",)),
        Fault(name="405 for the mount", answer=_status(405, "UNSUPPORTED"), on=("POST mount",)),
        Fault(name="a blob disappears", before=_lose_blob, on=("PUT manifest", "PUT tag")),
        Fault(name="somebody else moves the tag before", before=_move_tag, on=("GET tag", "PUT tag"), recovers=False),
        Fault(name="somebody else moves the tag after", alter=_move_tag_after, on=("PUT tag",), recovers=False),
    ]


def _encoded(_: ImageRegistry, __: Seen, reply: Reply) -> None:
    reply.headers["content-encoding"] = "br"
