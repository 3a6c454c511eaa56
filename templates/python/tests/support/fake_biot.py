"""A fake BioT on this machine: its public key, the login of service users, and the answers that a test defines.

It listens on a real socket of the loopback interface, so the tests also cover the plugin's own HTTP code.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.support.tokens import public_key, public_pem

SERVICE_TOKEN = "eyJhbGciOiJSUzUxMiJ9.c2VydmljZQ.c2lnbmF0dXJl"
SERVICE_USER_ID = "00000000-0000-4000-8000-0000000000ff"
SERVICE_SECRET = "a-test-secret-key"
SLOW_SECONDS = 5.0
# How many answers contain the old key.
ROTATIONS = {"rotated": 0, "rotate_after_first": 1, "rotate_after_second": 2}
KIND_OF_PATH = {"/ums/v1/security/public-key": "public-key", "/ums/v2/services/accessToken": "login"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """What the plugin sent to BioT. The path is without the query, the body is the parsed JSON."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeAnswer:
    """An answer of the fake BioT; create it with ``answer``."""

    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    drop: bool = False


def answer(
    body: object = None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    delay_seconds: float = 0.0,
    drop: bool = False,
) -> FakeAnswer:
    """Return an answer: with another status, late (after a delay in seconds), or as a broken connection (drop)."""
    return FakeAnswer(body=body, status=status, headers=headers or {}, delay_seconds=delay_seconds, drop=drop)


def error_answer(status: int, code: str, message: str = "") -> FakeAnswer:
    """Return an error of BioT, for example ``error_answer(404, "ENTITY_NOT_FOUND")``."""
    return answer({"code": code, "message": message, "details": {}}, status=status)


def search_answer(items: list[dict[str, Any]]) -> Callable[[ReceivedRequest], object]:
    """Return an answer to a search that finds these items. It gives them page by page, as BioT does."""

    def page_of(request: ReceivedRequest) -> object:
        search_request = json.loads(request.query.get("searchRequest", "{}"))
        page, limit = search_request.get("page", 0), search_request.get("limit", 100)
        data = items[page * limit : (page + 1) * limit]
        return {"data": data, "metadata": {"page": {"totalResults": len(items), "page": page, "limit": limit}}}

    return page_of


class FakeBiot:
    """Serves BioT's answers until the ``with`` block ends.

    Attributes:
        answers: What BioT answers, by method and path: ``biot.answers["GET /device/v2/devices/7"] = {"_id": "7"}``. The
            value is JSON, an ``answer(...)``, an ``error_answer(...)``, or a function that gets the request and returns
            one of these. A key with a query (``?…``) is for this query only.
        requests: What the plugin sent, in order, without the login and the public key.
        counts: How many requests of each kind came: "public-key", "login" and "entity", which is everything else.
        behaviour: What goes wrong with the public key and the login, in the words of tests_kit/cases.json ("about").
    """

    def __init__(self, behaviour: dict[str, str] | None = None, answers: Mapping[str, object] | None = None) -> None:
        self.behaviour = behaviour or {}
        self.answers: dict[str, object] = dict(answers or {})
        self.requests: list[ReceivedRequest] = []
        self.counts: Counter[str] = Counter()
        self.missing: list[str] = []
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

    def check_answers(self) -> None:
        """Fail when the plugin sent a request that has no answer.

        Raises:
            AssertionError: It names the missing answers.
        """
        lines = [f'    biot.answers["{key}"] = {{...}}' for key in dict.fromkeys(self.missing)]
        if lines:
            lines = ["The fake BioT has no answer for this. Add it to the test, or to tests/answers.py:", *lines]
            raise AssertionError("\n".join(lines))

    def answer_to(self, kind: str, request: ReceivedRequest, target: str) -> FakeAnswer:
        """Return the answer to a request. The target is the path with the query."""
        key = f"{request.method} {request.path}"
        full_key = f"{request.method} {target}"
        if full_key in self.answers or key in self.answers:
            if kind == "entity" and request.headers.get("authorization") != f"Bearer {SERVICE_TOKEN}":
                return error_answer(401, "TOKEN_NOT_VALID")
            value = self.answers.get(full_key, self.answers.get(key))
            value = value(request) if callable(value) else value
            return value if isinstance(value, FakeAnswer) else answer(value)
        if kind == "entity":
            self.missing.append(key)
            return error_answer(501, "NO_ANSWER_IN_THE_FAKE_BIOT")
        how = self.behaviour.get(kind.replace("-", "_"), "ok")
        if how == "slow":
            return answer(delay_seconds=SLOW_SECONDS, drop=True)
        return self.key_answer(how) if kind == "public-key" else self.login_answer(how, request.body)

    def key_answer(self, how: str) -> FakeAnswer:
        if how == "down":
            return error_answer(503, "GATEWAY_TIMEOUT")
        if how == "garbage":
            return answer({"publicKey": "bm8ga2V5", "previousPublicKey": 7})
        if how == "pem":
            return answer({"publicKey": public_pem("current")})
        rotated = how in ROTATIONS and self.counts["public-key"] > ROTATIONS[how]
        previous = public_key("previous") if how == "previous_too" else None
        return answer({"publicKey": public_key("rotated" if rotated else "current"), "previousPublicKey": previous})

    def login_answer(self, how: str, body: object) -> FakeAnswer:
        if how == "drop_once" and self.counts["login"] == 1:
            return answer(drop=True)
        if how == "bad_json":
            return answer(["no", "token"])
        if how == "forbidden" or body != {"id": SERVICE_USER_ID, "secretKey": SERVICE_SECRET}:
            return error_answer(403, "LOGIN_FAILED", "patient-data")
        expiration = datetime.now(UTC) + timedelta(seconds=30 if how == "short" else 1800)
        # BioT writes times with up to nine digits of a second.
        text = expiration.strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
        return answer({"accessToken": SERVICE_TOKEN, "accessTokenExpiration": text})


def handler_of(biot: FakeBiot) -> type[BaseHTTPRequestHandler]:
    """Return the handler class of the server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_request(self) -> None:
            length = int(self.headers.get("content-length", 0))
            content = self.rfile.read(length)
            address = urlsplit(self.path)
            request = ReceivedRequest(
                method=self.command,
                path=address.path,
                query=dict(parse_qsl(address.query)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=json.loads(content) if content else None,
            )
            kind = KIND_OF_PATH.get(address.path, "entity")
            biot.counts[kind] += 1
            if kind == "entity":
                biot.requests.append(request)
            self.send_answer(biot.answer_to(kind, request, self.path))

        def send_answer(self, sent: FakeAnswer) -> None:
            biot.stopped.wait(sent.delay_seconds)
            if sent.drop:
                self.close_connection = True
                return
            text = b"" if sent.body is None else json.dumps(sent.body).encode()
            self.send_response(sent.status)
            headers = {"content-type": "application/json", "content-length": str(len(text)), **sent.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_request  # noqa: N815 - the names http.server calls

        def log_message(self, *_: object) -> None:
            """Print nothing: standard output is for the plugin's log."""

    return Handler
