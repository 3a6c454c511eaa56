"""A Python package index and an npm registry on loopback, with packages made by the tests.

They record every request, so that a test can assert that a warm store uses no index.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import tarfile
import threading
import time
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EPOCH = (1980, 1, 1, 0, 0, 0)
R = TypeVar("R", bound="Registry")


@dataclass
class Registry:
    """Serves ``pages`` and records the path of every request."""

    url: str = ""
    requests: list[str] = field(default_factory=list)
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    delay_seconds: float = 0
    requested: threading.Event = field(default_factory=threading.Event)

    def page(self, path: str) -> tuple[str, bytes] | None:
        """Content type and bytes of a path, or None for 404."""
        return self.pages.get(path)


@dataclass
class PythonIndex(Registry):
    """A simple index (PEP 503)."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def add(self, filename: str, data: bytes) -> str:
        """Publish a file; returns its ``sha256:<hex>``."""
        project = re.sub(r"[-_.]+", "-", filename.split("-", 1)[0]).lower()
        self.files.setdefault(project, {})[filename] = data
        self.pages[f"/files/{filename}"] = ("application/octet-stream", data)
        return f"sha256:{hashlib.sha256(data).hexdigest()}"

    def wheel(
        self,
        name: str,
        version: str,
        *,
        tag: str = "py3-none-any",
        metadata: Sequence[str] = (),
        files: Mapping[str, bytes] | None = None,
    ) -> str:
        """Make and publish a wheel; returns its ``sha256:<hex>``."""
        return self.add(*make_wheel(name, version, tag=tag, metadata=metadata, files=files))

    def page(self, path: str) -> tuple[str, bytes] | None:
        project = path.removeprefix("/simple/").rstrip("/")
        if path.startswith("/simple/") and project in self.files:
            links = [
                f'<a href="/files/{name}#sha256={hashlib.sha256(data).hexdigest()}">{name}</a><br>'
                for name, data in self.files[project].items()
            ]
            return "text/html", f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
        return super().page(path)


@dataclass
class NpmRegistry(Registry):
    """An npm registry: one packument for each package, and its tarballs."""

    versions: dict[str, dict[str, dict[str, object]]] = field(default_factory=dict)

    def package(
        self,
        name: str,
        version: str,
        *,
        manifest: Mapping[str, object] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> str:
        """Make and publish a package; returns its ``sha512-<base64>``."""
        package_json = {"name": name, "version": version, **(manifest or {})}
        content = {
            "package.json": json.dumps(package_json).encode(),
            "index.js": b"export default 1;\n",
            **(files or {}),
        }
        data = make_tarball({f"package/{path}": data for path, data in content.items()})
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
        path = f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        self.pages[path] = ("application/octet-stream", data)
        dist = {"tarball": self.url + path, "integrity": integrity, "shasum": hashlib.sha1(data).hexdigest()}  # noqa: S324 - npm's own field
        self.versions.setdefault(name, {})[version] = {**package_json, "dist": dist}
        return integrity

    def page(self, path: str) -> tuple[str, bytes] | None:
        name = unquote(path[1:])
        if name in self.versions:
            versions = self.versions[name]
            packument = {"name": name, "dist-tags": {"latest": list(versions)[-1]}, "versions": versions}
            return "application/json", json.dumps(packument).encode()
        return super().page(path)


@contextmanager
def served(registry: R) -> Iterator[R]:
    """The registry on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.requests.append(self.path)
            registry.requested.set()
            time.sleep(registry.delay_seconds)
            page = registry.page(self.path.partition("?")[0])
            content_type, data = page if page is not None else ("text/plain", b"not found")
            self.send_response(200 if page is not None else 404)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(data)))
            with suppress(BrokenPipeError, ConnectionResetError):  # the client may have disconnected
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data)

        do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_wheel(
    name: str,
    version: str,
    *,
    tag: str = "py3-none-any",
    metadata: Sequence[str] = (),
    files: Mapping[str, bytes] | None = None,
) -> tuple[str, bytes]:
    """File name and bytes of a small wheel; ``metadata`` are additional lines of METADATA."""
    folder = re.sub(r"[-_.]+", "_", name)
    stem = f"{folder}-{version}"
    head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *metadata, ""]
    content = {
        f"{folder}/__init__.py": f"VERSION = {version!r}\nTAG = {tag!r}\n".encode(),
        **(files or {}),
        f"{stem}.dist-info/METADATA": "\n".join(head).encode(),
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{stem}.dist-info/RECORD": b"",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in content.items():
            archive.writestr(zipfile.ZipInfo(path, EPOCH), data, zipfile.ZIP_DEFLATED)
    return f"{stem}-{tag}.whl", buffer.getvalue()


def make_tarball(files: Mapping[str, bytes], *, members: Sequence[tarfile.TarInfo] = ()) -> bytes:
    """A gzipped tarball of regular files, then of ``members`` without content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            member.mode = 0o755 if path.endswith(".sh") else 0o600
            archive.addfile(member, io.BytesIO(data))
        for member in members:
            archive.addfile(member)
    return gzip.compress(buffer.getvalue(), mtime=0)
