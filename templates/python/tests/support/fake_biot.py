"""A small BioT on this machine: public key, service login, and the API of one patient.

It listens on a real socket of the loopback interface, so the plugin's own HTTP code is tested with it.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.support.tokens import public_key, public_pem

PATIENTS = "/organization/v1/users/patients"
PATIENT_ID = "00000000-0000-4000-8000-000000000001"
PATIENT = {"_id": PATIENT_ID, "_name": {"firstName": "Ann"}}
SERVICE_TOKEN = "eyJhbGciOiJSUzUxMiJ9.c2VydmljZQ.c2lnbmF0dXJl"
SERVICE_USER_ID = "00000000-0000-4000-8000-0000000000ff"
SERVICE_SECRET = "a-test-secret-key"
SLOW_SECONDS = 5.0
# How many answers hold the old key.
ROTATIONS = {"rotated": 0, "rotate_after_first": 1, "rotate_after_second": 2}
KIND_OF_PATH = {"/ums/v1/security/public-key": "public-key", "/ums/v2/services/accessToken": "login"}


class FakeBiot:
    """Serves BioT's answers until it is left.

    Attributes:
        behaviour: What goes wrong, by kind of request; "about" in cases.json explains the words.
        requests: How many requests of each kind came: "public-key", "login" and "entity".
        received: Every request: method, path, headers, body.
    """

    def __init__(self, behaviour: dict[str, str] | None = None) -> None:
        self.behaviour = behaviour or {}
        self.requests: Counter[str] = Counter()
        self.received: list[dict[str, Any]] = []
        self.stopped = Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.server.daemon_threads = True
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def environment(self) -> dict[str, str]:
        """Return the variables that BioT would set for a plugin."""
        return {
            "BIOT_BASE_URL": self.url,
            "BIOT_APP_NAME": "Case Plugin",
            "BIOT_SERVICE_ENVIRONMENT": "test",
            "BIOT_SERVICE_USER_ID": SERVICE_USER_ID,
            "BIOT_SERVICE_USER_SECRET_KEY": SERVICE_SECRET,
        }

    def answer(self, kind: str, request: dict[str, Any]) -> tuple[int, object] | None:
        """Return status and JSON for a request; None closes the connection without an answer."""
        how = self.behaviour.get(kind.replace("-", "_"), "ok")
        if how == "slow":
            self.stopped.wait(SLOW_SECONDS)
        if how in {"slow", "drop"}:
            return None
        if kind == "public-key":
            return self.key_answer(how)
        if kind == "login":
            return self.login_answer(how, request["body"])
        return self.entity_answer(how, request)

    def key_answer(self, how: str) -> tuple[int, object]:
        if how == "down":
            return 503, {"code": "GATEWAY_TIMEOUT"}
        if how == "garbage":
            return 200, {"publicKey": "bm8ga2V5", "previousPublicKey": 7}
        if how == "pem":
            return 200, {"publicKey": public_pem("current")}
        rotated = how in ROTATIONS and self.requests["public-key"] > ROTATIONS[how]
        previous = public_key("previous") if how == "previous_too" else None
        return 200, {"publicKey": public_key("rotated" if rotated else "current"), "previousPublicKey": previous}

    def login_answer(self, how: str, body: object) -> tuple[int, object] | None:
        if how == "drop_once" and self.requests["login"] == 1:
            return None
        if how == "bad_json":
            return 200, ["no", "token"]
        if how == "forbidden" or body != {"id": SERVICE_USER_ID, "secretKey": SERVICE_SECRET}:
            return 403, {"code": "LOGIN_FAILED", "message": "patient-data"}
        expiration = datetime.now(UTC) + timedelta(seconds=30 if how == "short" else 1800)
        # BioT writes times with up to nine digits of a second.
        text = expiration.strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
        return 200, {"accessToken": SERVICE_TOKEN, "accessTokenExpiration": text}

    def entity_answer(self, how: str, request: dict[str, Any]) -> tuple[int, object]:
        if request["headers"].get("authorization") != f"Bearer {SERVICE_TOKEN}":
            return 401, {"code": "TOKEN_NOT_VALID"}
        if how == "404":
            return 404, {"code": "ENTITY_NOT_FOUND", "message": "patient-data"}
        if how == "redirect":
            return 302, None
        if how == "500":
            return 500, {"code": "INTERNAL_SERVER_ERROR", "message": "patient-data"}
        address = urlsplit(request["path"])
        if address.path == PATIENTS and request["method"] == "GET":
            return 200, search_answer(json.loads(parse_qs(address.query)["searchRequest"][0]))
        return 200, PATIENT


def search_answer(search_request: dict[str, Any]) -> object:
    """Return one page of three patients."""
    found = [{**PATIENT, "_id": str(number)} for number in range(3)]
    page, limit = search_request["page"], search_request.get("limit", 100)
    data = found[page * limit : (page + 1) * limit]
    return {"data": data, "metadata": {"page": {"totalResults": len(found), "page": page, "limit": limit}}}


def handler_of(biot: FakeBiot) -> type[BaseHTTPRequestHandler]:
    """Return the class that the server makes for each connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_request(self) -> None:
            length = int(self.headers.get("content-length", 0))
            content = self.rfile.read(length)
            request: dict[str, Any] = {
                "method": self.command,
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": json.loads(content) if content else None,
            }
            kind = KIND_OF_PATH.get(urlsplit(self.path).path, "entity")
            biot.requests[kind] += 1
            biot.received.append(request)
            answer = biot.answer(kind, request)
            if answer is None:
                self.close_connection = True
                return
            status, body = answer
            text = json.dumps(body).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("location", f"{biot.url}{PATIENTS}/elsewhere")
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_request  # noqa: N815 - the names http.server calls

        def log_message(self, *_: object) -> None:
            """Stay silent: standard output belongs to the plugin's log."""

    return Handler
