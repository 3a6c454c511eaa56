"""A client of a local BioT's settings service."""

from __future__ import annotations

import io
import json
import ssl
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.sandbox.running_sandbox import Sandbox

PLUGINS = "/settings/v2/plugins"
MINIMAL: Mapping[str, object] = {"name": "age", "displayName": "Age", "version": 1, "runtime": "python3.13"}
PATIENTS = "POST/organization/v1/users/patients"


def zipped(files: Mapping[str, str]) -> bytes:
    """Return a ZIP, written by Python's standard library."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return stream.getvalue()


CODE = zipped({"index.py": "def handler(event, context): ...\n"})


@dataclass(frozen=True)
class Settings:
    """A client with the permissions to publish.

    Attributes:
        http: Sends requests with a token.
    """

    http: httpx.Client

    def send(self, method: str, name: str, config: object, code: bytes | None = None) -> httpx.Response:
        """Send a form; ``config`` is sent as it is if it is a text, else as JSON."""
        text = config if isinstance(config, str) else json.dumps(config)
        files: dict[str, tuple[str | None, bytes, str] | tuple[None, str]] = {"config": (None, text)}
        if code is not None:
            files["code"] = ("hw.zip", code, "application/x-zip-compressed")
        return self.http.request(method, f"{PLUGINS}/{name}" if name else PLUGINS, files=files)

    def create(self, config: Mapping[str, object] = MINIMAL, code: bytes | None = CODE) -> httpx.Response:
        """``POST``."""
        return self.send("POST", "", config, code)

    def patch(self, config: object, code: bytes | None = None, name: str = "Plugin-age") -> httpx.Response:
        """``PATCH``."""
        return self.send("PATCH", name, config, code)

    def put(self, config: object, code: bytes | None = None, name: str = "Plugin-age") -> httpx.Response:
        """``PUT``."""
        return self.send("PUT", name, config, code)

    def get(self, name: str = "Plugin-age") -> httpx.Response:
        """``GET`` a plugin."""
        return self.http.get(f"{PLUGINS}/{name}")

    def search(self, request: object = None) -> httpx.Response:
        """``GET`` a page of plugins."""
        parameters = {} if request is None else {"searchRequest": json.dumps(request)}
        return self.http.get(PLUGINS, params=parameters)


def http_client(base_url: str, token: str = "") -> httpx.Client:
    """Return a client for plain HTTP, also for many threads.

    It trusts no certificate, because loading the usual authorities takes 50 ms. It keeps every idle connection:
    httpcore closes surplus ones, and sometimes one that it has just given to another thread.
    """
    headers = {"authorization": f"Bearer {token}"} if token else {}
    no_authorities = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    kept = httpx.Limits(max_keepalive_connections=None, keepalive_expiry=None)
    return httpx.Client(
        base_url=base_url, headers=headers, verify=no_authorities, trust_env=False, timeout=60, limits=kept
    )


def settings_of(sandbox: Sandbox) -> Settings:
    """Return a client of a running local BioT; close its ``http`` at the end."""
    return Settings(http_client(sandbox.base_url, sandbox.token()))
