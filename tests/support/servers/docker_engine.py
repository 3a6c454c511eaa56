"""A Docker engine as far as the classic builder goes, over a real socket: steps, images, tags, and a build that stops.

As with Docker 20.10, a build whose client ends its sending side finishes its step, says what that made, and ends.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import select
import socket
import tarfile
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE = hashlib.sha256(b"base").hexdigest()
_IMAGE = re.compile(r"/v[0-9.]+/images/(?P<name>.+?)(?:/(?P<action>json|tag|get))?")


@dataclass
class FakeEngine:
    """What the engine has, and how a build goes.

    Attributes:
        steps: How many steps a build has after FROM.
        step_seconds: How long each takes, stop or not.
        entrypoint: Of the images that it builds.
        layers: The tars of the images that it builds, the lowest first.
        base_digest: Of the manifest under which it pulled the base; empty when the base came from no registry.
        images: Id in hex -> names.
        containers: Ids of containers.
        requests: Method and path of every request.
        in_step: Set when a build is in its second step.
    """

    steps: int = 4
    step_seconds: float = 0.05
    entrypoint: tuple[str, ...] = ("/lambda-entrypoint.sh",)
    layers: tuple[bytes, ...] = ()
    base_digest: str = ""
    images: dict[str, set[str]] = field(default_factory=lambda: {BASE: {"base:1"}})
    containers: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    in_step: threading.Event = field(default_factory=threading.Event)
    was_stopped: bool = False
    address: str = ""

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"engine": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.address = f"tcp://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def find(self, name: str) -> str:
        """The id of an image by its name, id, or the beginning of its id; empty without one."""
        text = name.removeprefix("sha256:")
        named = (image for image, names in self.images.items() if name in names or f"{name}:latest" in names)
        return next(named, next((image for image in self.images if image.startswith(text)), ""))

    def tag(self, image: str, name: str) -> None:
        """Give a name to an image; another one loses it and stays, without a name."""
        for names in self.images.values():
            names.discard(name)
        self.images[image].add(name)


class _Handler(BaseHTTPRequestHandler):
    engine: FakeEngine
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Say nothing."""

    def do_GET(self) -> None:
        path = self._begin()
        if path.endswith("/version"):
            self._answer({"ApiVersion": "1.41", "Version": "20.10.24"})
        elif path.endswith("/_ping"):
            self._answer("OK")
        elif path.endswith("/images/json"):
            self._answer([{"Id": f"sha256:{image}"} for image in self.engine.images])
        elif (match := _IMAGE.fullmatch(path)) and (image := self.engine.find(match["name"])):
            if match["action"] == "get":
                self._answer(_exported(self.engine.layers))
            else:
                self._answer(self._described(image))
        else:
            self._answer({"message": "No such image"}, 404)

    def _described(self, image: str) -> dict[str, object]:
        engine = self.engine
        digests = [f"base@{engine.base_digest}"] if image == BASE and engine.base_digest else []
        layers = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in engine.layers]
        return {
            "Id": f"sha256:{image}",
            "Os": "linux",
            "Architecture": "amd64",
            "Config": {"Entrypoint": list(engine.entrypoint), "Cmd": ["index.handler"]},
            "RootFS": {"Layers": layers},
            "RepoDigests": digests,
        }

    def do_DELETE(self) -> None:
        match = _IMAGE.fullmatch(self._begin())
        image = self.engine.find(match["name"]) if match else ""
        if image:
            del self.engine.images[image]
        self._answer([] if image else {"message": "No such object"}, 200 if image else 404)

    def do_POST(self) -> None:
        path = self._begin()
        if path.endswith("/build"):
            self._read_chunks()
            self._build(parse_qs(urlsplit(self.path).query)["t"][0])
        else:
            match = _IMAGE.fullmatch(path)
            assert match is not None
            query = parse_qs(urlsplit(self.path).query)
            self.engine.tag(self.engine.find(match["name"]), f"{query['repo'][0]}:{query['tag'][0]}")
            self._answer("", 201)

    def _begin(self) -> str:
        path = unquote(urlsplit(self.path).path)
        self.engine.requests.append(f"{self.command} {path}")
        return path

    def _read_chunks(self) -> None:
        length = self.headers.get("Content-Length")
        if length is not None:
            self.rfile.read(int(length))
            return
        while size := int(self.rfile.readline(), 16):
            self.rfile.read(size + 2)
        self.rfile.readline()

    def _build(self, name: str) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._say(f"Step 1/{self.engine.steps + 1} : FROM base:1\n ---> {BASE[:12]}\n")
        image = BASE
        for number in range(self.engine.steps):
            self._say(f"Step {number + 2}/{self.engine.steps + 1} : COPY {number} /\n")
            if number == 1:
                self.engine.in_step.set()
            time.sleep(self.engine.step_seconds)
            image = hashlib.sha256(f"{name} {number} {time.time_ns()}".encode()).hexdigest()
            self.engine.images[image] = set()
            self._say(f" ---> {image[:12]}\n")
            if self._has_to_stop():
                self.engine.was_stopped = True
                self._chunk(b"")
                self.close_connection = True
                return
        self._event({"aux": {"ID": f"sha256:{image}"}})
        self.engine.tag(image, name if ":" in name else f"{name}:latest")
        self._say(f"Successfully built {image[:12]}\nSuccessfully tagged {name}\n")
        self._chunk(b"")

    def _has_to_stop(self) -> bool:
        """Whether the client has ended its side of the connection."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def _say(self, text: str) -> None:
        self._event({"stream": text})

    def _event(self, event: dict[str, Any]) -> None:
        self._chunk(json.dumps(event).encode() + b"\r\n")

    def _chunk(self, data: bytes) -> None:
        try:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        except OSError:
            self.close_connection = True

    def _answer(self, document: object, status: int = 200) -> None:
        if isinstance(document, bytes):
            body = document
        else:
            body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _exported(layers: Sequence[bytes]) -> bytes:
    """An image as ``docker save`` writes it."""
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    files = {**dict(zip(names, layers, strict=True)), "manifest.json": json.dumps([{"Layers": names}]).encode()}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()
