"""A double of the BioT cloud on loopback: what a packaged plugin needs during a call."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.support.biot.platform_tokens import SigningKey
from tests.support.servers.serving import serving

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

SERVICE_USER = {"id": "00000000-0000-4000-8000-0000000000aa", "secretKey": "synthetic-service-secret"}


class BioT(ThreadingHTTPServer):
    """Public key, service log-in and a JSON entity API; records the requested paths."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = SigningKey()
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        """The base URL that plugins get as BIOT_BASE_URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that BioT sets for a plugin."""
        return {
            "BIOT_APP_NAME": "Packaged Plugin",
            "BIOT_BASE_URL": self.url,
            "BIOT_SERVICE_ENVIRONMENT": "test",
            "BIOT_SERVICE_USER_ID": SERVICE_USER["id"],
            "BIOT_SERVICE_USER_SECRET_KEY": SERVICE_USER["secretKey"],
        }


class _Handler(BaseHTTPRequestHandler):
    server: BioT
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        if self.path == "/ums/v1/security/public-key":
            self._answer(200, {"publicKey": self.server.key.public_key, "previousPublicKey": None})
        else:
            self._answer(200, {"_id": self.path.rsplit("/", 1)[-1], "_name": "Synthetic"})

    def do_POST(self) -> None:
        self.server.requests.append(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))) or b"null")
        if self.path != "/ums/v2/services/accessToken":
            self._answer(404, {"code": "NOT_FOUND"})
        elif body != SERVICE_USER:
            self._answer(403, {"code": "LOGIN_FAILED"})
        else:
            expiration = (datetime.now(UTC) + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            self._answer(200, {"accessToken": "synthetic-access-token", "accessTokenExpiration": expiration})

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep the test output quiet."""


def running_biot() -> AbstractContextManager[BioT]:
    """Serve on a free loopback port while a ``with`` block runs."""
    return serving(BioT())
