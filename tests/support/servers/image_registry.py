"""A registry for images on loopback, which behaves like ``docker-registry`` 2.8, and can be interfered with.

It keeps everything in memory and speaks over a real socket. ``ImageRegistry.interfere`` decides for
each request whether it goes wrong, and how (``tests.support.servers.registry_faults``).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, quote, urlsplit

from tests.support.servers.raw_http import reset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import BinaryIO, Self

UPLOADS = re.compile(r"/v2/(.+)/blobs/uploads/([0-9a-f]*)")
BLOB = re.compile(r"/v2/(.+)/blobs/(sha256:[0-9a-f]{64})")
MANIFEST = re.compile(r"/v2/(.+)/manifests/([^/]+)")
LogIn = Literal["none", "basic", "bearer", "anonymous"]
"""``anonymous``: with a token that everybody gets, as public registries do it."""
TOKENS = ("bearer", "anonymous")
USER, PASSWORD = "AWS", "registry-pass-5f1c0a9d2b"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request: what it is for, and how many bytes its body has."""

    kind: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    size: int


@dataclass(kw_only=True)
class Reply:
    """What the registry answers."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def encode(self, method: str) -> bytes:
        lengths = {"content-length": str(len(self.body))}
        lines = [
            f"HTTP/1.1 {self.status} Said",
            *(f"{name}: {text}" for name, text in (lengths | self.headers).items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + (b"" if method == "HEAD" else self.body)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way in which a request goes wrong.

    Attributes:
        name: For the report.
        recovers: Whether a perfect client ends well when it happens once.
        on: The kinds of requests that it can happen to; empty for all.
        needs_body: Whether only requests with a body can have it.
        before: Changes the registry before it reads the request.
        cut: The part of the body after which the connection is reset; None to read all of it.
        keeps: Whether the registry keeps that part.
        effect: Whether the request is carried out although ``answer`` replaces the reply.
        answer: The reply instead of the real one.
        alter: Changes the real reply.
        send: Sends the bytes of the reply in its own way.
    """

    name: str
    recovers: bool = True
    on: tuple[str, ...] = ()
    needs_body: bool = False
    before: Callable[[ImageRegistry, Seen], None] | None = None
    cut: float | None = None
    keeps: bool = False
    effect: bool = False
    answer: Callable[[ImageRegistry, Seen], Reply] | None = None
    alter: Callable[[ImageRegistry, Seen, Reply], None] | None = None
    send: Callable[[socket.socket, bytes], None] | None = None

    def fits(self, kind: str, size: int) -> bool:
        return (not self.on or any(kind.startswith(one) for one in self.on)) and (size > 0 or not self.needs_body)


@dataclass(kw_only=True)
class Upload:
    """A running upload, and which blobs its repository had when it began."""

    repository: str
    present: frozenset[str]
    content: bytearray = field(default_factory=bytearray)


@dataclass(kw_only=True)
class Stored:
    """What one repository has."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class ImageRegistry:
    """A registry. Use it in a ``with``.

    Args:
        log_in: How clients log in.
        drops_stale_uploads: Whether an upload ends when a client asks for it by an older address, as in 2.8.
    """

    def __init__(self, *, log_in: LogIn = "none", drops_stale_uploads: bool = False) -> None:
        self.log_in = log_in
        self.drops_stale_uploads = drops_stale_uploads
        self.interfere: Callable[[Seen], Fault | None] = lambda _: None
        self.stored: dict[str, Stored] = {}
        self.uploads: dict[str, Upload] = {}
        self.ended: list[Upload] = []
        self.seen: list[Seen] = []
        self.tokens: set[str] = set()
        self.mounts = True
        self._lock = threading.RLock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: set[socket.socket] = set()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def repository(self, name: str) -> Stored:
        return self.stored.setdefault(name, Stored())

    def sent_again(self) -> list[str]:
        """The blobs that were sent, or begun to be sent, although their repository had them."""
        with self._lock:
            return sorted(
                digest
                for upload in (*self.ended, *self.uploads.values())
                for digest in upload.present
                if upload.content
                and self.repository(upload.repository).blobs.get(digest, b"").startswith(bytes(upload.content))
            )

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in tuple(self._open):
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                while (seen := read_head(stream)) is not None:
                    self._handle(connection, stream, seen)
        except (OSError, ValueError):
            return
        finally:
            self._open.discard(connection)

    def _handle(self, connection: socket.socket, stream: BinaryIO, seen: Seen) -> None:
        with self._lock:
            self.seen.append(seen)
            fault = self.interfere(seen)
            if fault and fault.before:
                fault.before(self, seen)
        if fault and fault.cut is not None:
            part = stream.read(int(seen.size * fault.cut))
            with self._lock:
                upload = self.uploads.get(upload_id(seen.path))
                if fault.keeps and upload and self._allows(seen):
                    upload.content += part
            reset(connection)
            return
        body = stream.read(seen.size)
        if len(body) < seen.size:
            return
        with self._lock:
            replaced = fault.answer(self, seen) if fault and fault.answer else None
            reply = replaced if replaced and fault and not fault.effect else self.reply(seen, body)
            if fault and fault.alter:
                fault.alter(self, seen, reply)
        content = (replaced or reply).encode(seen.method)
        if fault and fault.send:
            fault.send(connection, content)
        else:
            connection.sendall(content)

    def reply(self, seen: Seen, body: bytes) -> Reply:
        """What the registry does and answers when nothing goes wrong."""
        if seen.path == "/token":
            return self._token(seen, body)
        if not self._allows(seen):
            return self.challenge()
        if match := UPLOADS.fullmatch(seen.path):
            return self._upload(seen, match[1], match[2], body)
        if match := BLOB.fullmatch(seen.path):
            return self._blob(seen, self.repository(match[1]), match[2])
        if match := MANIFEST.fullmatch(seen.path):
            return self._manifest(seen, self.repository(match[1]), match[2], body)
        return Reply(status=200, body=b"{}") if seen.path == "/v2/" else problem(404, "UNSUPPORTED")

    def challenge(self) -> Reply:
        """The answer to a request without a valid log-in."""
        reply = problem(401, "UNAUTHORIZED")
        realm = f'Bearer realm="http://{self.host}/token",service="registry",scope="repository:any:pull"'
        reply.headers["www-authenticate"] = realm if self.log_in in TOKENS else 'Basic realm="registry"'
        return reply

    def _allows(self, seen: Seen) -> bool:
        given = seen.headers.get("authorization", "")
        if self.log_in in TOKENS:
            return given.removeprefix("Bearer ") in self.tokens
        return self.log_in == "none" or given == basic(USER, PASSWORD)

    def _token(self, seen: Seen, body: bytes) -> Reply:
        refreshed = b"refresh_token=" + quote(PASSWORD).encode() in body
        known = self.log_in == "anonymous" or seen.headers.get("authorization", "") == basic(USER, PASSWORD)
        if not known and not refreshed:
            return Reply(status=401, body=b'{"details": "incorrect username or password"}')
        token = secrets.token_hex(12)
        self.tokens.add(token)
        return Reply(status=200, body=json.dumps({"token": token, "expires_in": 300}).encode())

    def _upload(self, seen: Seen, name: str, identity: str, body: bytes) -> Reply:
        repository = self.repository(name)
        if not identity:
            source, digest = self.repository(seen.query.get("from", "")), seen.query.get("mount", "")
            if self.mounts and digest in source.blobs:
                repository.blobs[digest] = source.blobs[digest]
                return created(f"/v2/{name}/blobs/{digest}", digest)
            identity = secrets.token_hex(16)
            self.uploads[identity] = Upload(repository=name, present=frozenset(repository.blobs))
            return self._progress(202, identity)
        upload = self.uploads.get(identity)
        if upload is None or upload.repository != name:
            return problem(404, "BLOB_UPLOAD_UNKNOWN")
        if self.drops_stale_uploads and seen.query.get("_state") != str(len(upload.content)):
            self.end(identity)
            return problem(400, "BLOB_UPLOAD_INVALID")
        return self._continue(seen, identity, upload, body)

    def _continue(self, seen: Seen, identity: str, upload: Upload, body: bytes) -> Reply:
        if seen.method == "GET":
            return self._progress(204, identity)
        start = seen.headers.get("content-range", f"{len(upload.content)}-").partition("-")[0]
        if not self.drops_stale_uploads and start != str(len(upload.content)):
            return problem(416, "BLOB_UPLOAD_INVALID")
        upload.content += body
        if seen.method == "PATCH":
            return self._progress(202, identity)
        self.end(identity)
        digest = sha256(upload.content)
        if digest != seen.query.get("digest"):
            return problem(400, "DIGEST_INVALID")
        self.repository(upload.repository).blobs[digest] = bytes(upload.content)
        return created(f"/v2/{upload.repository}/blobs/{digest}", digest)

    def end(self, identity: str) -> None:
        """Forget an upload."""
        if upload := self.uploads.pop(identity, None):
            self.ended.append(upload)

    def _progress(self, status: int, identity: str) -> Reply:
        upload = self.uploads[identity]
        url = f"http://{self.host}/v2/{upload.repository}/blobs/uploads/{identity}?_state={len(upload.content)}"
        headers = {"location": url, "range": f"0-{max(0, len(upload.content) - 1)}", "docker-upload-uuid": identity}
        return Reply(status=status, headers=headers)

    def _blob(self, seen: Seen, repository: Stored, digest: str) -> Reply:
        content = repository.blobs.get(digest)
        if content is None:
            return problem(404, "BLOB_UNKNOWN")
        headers = {"content-type": "application/octet-stream", "docker-content-digest": digest}
        if match := re.fullmatch(r"bytes=([0-9]+)-", seen.headers.get("range", "")):
            start = int(match[1])
            headers["content-range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return Reply(status=206, headers=headers, body=content[start:])
        return Reply(status=200, headers=headers, body=content)

    def _manifest(self, seen: Seen, repository: Stored, pointer: str, body: bytes) -> Reply:
        if seen.method == "PUT":
            return self._put_manifest(seen, repository, pointer, body)
        digest = repository.tags.get(pointer, pointer)
        if digest not in repository.manifests:
            return problem(404, "MANIFEST_UNKNOWN")
        media_type, content = repository.manifests[digest]
        return Reply(status=200, headers={"content-type": media_type, "docker-content-digest": digest}, body=content)

    def _put_manifest(self, seen: Seen, repository: Stored, pointer: str, body: bytes) -> Reply:
        document, digest = json.loads(body), sha256(body)
        if any(blob["digest"] not in repository.blobs for blob in (document["config"], *document["layers"])):
            return problem(400, "MANIFEST_BLOB_UNKNOWN")
        if pointer.startswith("sha256:") and pointer != digest:
            return problem(400, "DIGEST_INVALID")
        repository.manifests[digest] = (seen.headers["content-type"], body)
        if not pointer.startswith("sha256:"):
            repository.tags[pointer] = digest
        return created(seen.path, digest)


def read_head(stream: BinaryIO) -> Seen | None:
    """The head of the next request; None when there is none."""
    line = stream.readline().decode()
    if not line:
        return None
    method, target, _ = line.split(" ", 2)
    headers = {}
    while text := stream.readline().decode().strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    size = int(headers.get("content-length", "0"))
    return Seen(
        kind=kind_of(method, parts.path, query), method=method, path=parts.path, query=query, headers=headers, size=size
    )


def kind_of(method: str, path: str, query: Mapping[str, str]) -> str:
    """What a request is for, such as ``PATCH upload``."""
    if match := UPLOADS.fullmatch(path):
        return f"{method} {'mount' if 'mount' in query else 'upload' if match[2] else 'uploads'}"
    if BLOB.fullmatch(path):
        return f"{method} blob"
    if match := MANIFEST.fullmatch(path):
        return f"{method} {'manifest' if match[2].startswith('sha256:') else 'tag'}"
    return f"{method} {path.strip('/')}"


def upload_id(path: str) -> str:
    match = UPLOADS.fullmatch(path)
    return match[2] if match else ""


def problem(status: int, code: str) -> Reply:
    """An error as registries send it."""
    document = {"errors": [{"code": code, "message": f"it is {code.lower()}", "detail": None}]}
    return Reply(status=status, headers={"content-type": "application/json"}, body=json.dumps(document).encode())


def created(location: str, digest: str) -> Reply:
    return Reply(status=201, headers={"location": location, "docker-content-digest": digest})


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def sha256(content: bytes | bytearray) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
