"""The plugin as an HTTP server: the table of cases over HTTP, the events, slow and broken clients, and the end."""

import asyncio
import base64
import http.client
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import server.__main__ as server_main
from plugin.flow import run
from plugin.hooks import HOOKS
from plugin.login import forget_tokens
from plugin.public_keys import forget_public_keys
from server import app as server_app
from server.__main__ import DrainingServer, make_server
from server.app import LARGEST_BODY, App
from server.settings import WrongSettingError, read_secret_files, read_server_settings
from tests.support.fake_biot import FakeBiot
from tests_kit import cases
from tests_kit.expect import always_differences, expected_differences
from tests_kit.test_cases import set_environment

ROOT = Path(__file__).parents[1]
REQUESTS: list[dict[str, Any]] = json.loads((ROOT / "tests_kit" / "requests.json").read_text("utf-8"))["requests"]
# Every HTTP request has the header host, and this row compares all headers.
NOT_OVER_HTTP = {"a direct call's context has the request without credentials"}
LEGAL_VALUE = re.compile(r"([!-~]([\t -~]*[!-~])?)?")
Answer = dict[str, Any]


class Running:
    """A server in a thread of this process, whose handler a test can replace."""

    def __init__(self, **settings: str) -> None:
        self.events: list[Any] = []
        self.handler: Callable[[object, object], Answer] = lambda *_: {"statusCode": 200, "body": "{}"}
        environment = {"SERVER_PORT": "0", "SERVER_DRAIN": "0", **settings}
        self.app = App(self.handle, read_server_settings(environment))
        self.server: DrainingServer = make_server(self.app)
        self.thread = threading.Thread(target=self.server.run)

    def handle(self, event: object, context: object) -> Answer:
        self.events.append(event)
        answer = self.handler(event, context)
        headers = {"traceparent": f"00-{'1' * 32}-{'1' * 16}-00", **answer.get("headers", {})}
        return {**answer, "headers": headers}

    def __enter__(self) -> "Running":
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.app.pool.shutdown()

    def leaks(self) -> list[str]:
        """Return what is still open once every client has gone."""
        end = time.monotonic() + 15
        while time.monotonic() < end:
            left = [*map(str, self.server.server_state.connections), *map(str, self.server.server_state.tasks)]
            left += [f"{self.app.calls} calls"] if self.app.calls else []
            if not left:
                return []
            time.sleep(0.01)
        return left

    def send(self, request: dict[str, Any]) -> Answer:
        """Send a request with exactly these headers, and return the response in Lambda's form."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(request["method"], request["target"], skip_host=True, skip_accept_encoding=True)
        body = request["body"]
        for name, value in [("host", "plugin.example.com"), *request["headers"]]:
            connection.putheader(name, value)
        if body:
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return {"statusCode": response.status, "headers": headers, **({"body": text} if text else {})}

    def exchange(self, *parts: bytes, wait: float = 0) -> str:
        """Send bytes as they are; return everything that came back until the server closed the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            for part in parts:
                client.sendall(part)
                time.sleep(wait)
            received = b""
            try:
                while chunk := client.recv(65536):
                    received += chunk
            except ConnectionResetError:
                received += b"(reset)"
        return received.decode("latin-1")


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with Running() as running:
        yield running


@pytest.fixture
def served(shared: Running) -> Iterator[Running]:
    shared.events.clear()
    shared.handler = lambda *_: {"statusCode": 200, "body": "{}"}
    yield shared
    logging.getLogger().handlers = []  # they write to this test's output


def http_request(event: object) -> dict[str, Any] | None:
    """Return the HTTP request of which Lambda would make this event; None if there is none."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(context, dict) or "http" not in context:
        return None
    body, headers = event.get("body"), event.get("headers")
    try:
        content = base64.b64decode(body or "", validate=True) if event.get("isBase64Encoded") else (body or "").encode()
    except (ValueError, AttributeError):
        return None
    if not isinstance(headers, dict) or not all(LEGAL_VALUE.fullmatch(str(value)) for value in headers.values()):
        return None
    query = "&".join(f"{name}={value}" for name, value in event.get("queryStringParameters", {}).items())
    target = context["http"]["path"] + (f"?{query}" if query else "")
    return {"method": context["http"]["method"], "target": target, "headers": list(headers.items()), "body": content}


def differences_of(row: dict[str, Any], served: Running, capsys: pytest.CaptureFixture[str]) -> list[str] | None:
    """Run a row over HTTP; return the differences from what it expects, or None when it cannot travel over HTTP."""
    forget_tokens()
    forget_public_keys()
    answer: Answer = {}
    log, differences = "", list[str]()
    with FakeBiot(row.get("biot"), cases.patient_answers(row)) as biot, pytest.MonkeyPatch.context() as patch:
        set_environment(patch, {**biot.environment(), **row.get("settings", {})})
        hooks, limits = cases.make_hooks(row, set(HOOKS)), cases.make_lambda_context(row)
        served.handler = lambda event, _: run(event, limits, hooks)
        for token in cases.tokens_of(row):
            request = http_request(cases.make_event(row["event"], token))
            if request is None or row["name"] in NOT_OVER_HTTP:
                return None
            answer = served.send(request)
            log = capsys.readouterr().out
            differences += always_differences(answer, log, token)
    return differences + expected_differences(answer, log, row["expect"], biot.counts)


def test_the_table_of_cases_holds_over_http(served: Running, capsys: pytest.CaptureFixture[str]) -> None:
    rows = cases.read_cases(set(HOOKS))
    differences = {row["name"]: differences_of(row, served, capsys) for row in rows}
    sent = [name for name, lines in differences.items() if lines is not None]
    assert len(sent) > len(rows) * 0.7
    assert {name: lines for name, lines in differences.items() if lines} == {}
    assert served.leaks() == []


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: str(row["name"]))
def test_a_request_becomes_the_event_of_a_function_url(row: dict[str, Any], served: Running) -> None:
    request = row["request"]
    body = base64.b64decode(request.get("body_base64", "")) or request.get("body", "").encode()

    assert served.send({**request, "body": body})["statusCode"] == 200

    [event] = served.events
    actual = {name: event.get(name) for name in row["event"]}
    if "headers" in actual:
        actual["headers"].pop("content-length", None)
    assert actual == row["event"]
    assert event["requestContext"]["http"]["method"] == request["method"]
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert event["requestContext"]["domainName"] == "plugin.example.com"


def test_behind_a_proxy_the_caller_is_the_address_that_the_proxy_added() -> None:
    with Running(SERVER_BEHIND_PROXY="true") as behind:
        behind.send(
            {"method": "GET", "target": "/", "headers": [["x-forwarded-for", "6.6.6.6, 192.0.2.1"]], "body": b""}
        )
    assert behind.events[0]["requestContext"]["http"]["sourceIp"] == "192.0.2.1"


def test_an_answer_becomes_the_response_of_a_function_url(served: Running) -> None:
    served.handler = lambda *_: {
        "statusCode": 201,
        "headers": {"Content-Type": "image/png", "x-text": "a\nb: c", "connection": "upgrade", "content-length": "7"},
        "cookies": ["a=1", "b=2"],
        "body": "iVBORw0KGgo=",
        "isBase64Encoded": True,
    }
    head, _, body = served.exchange(LAST).partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 201 ")
    assert {"content-type: image/png", "x-text: a b: c", "set-cookie: a=1", "set-cookie: b=2"} <= set(
        head.split("\r\n")
    )
    assert ("content-length: 8" in head, "upgrade" in head) == (True, False)
    assert body.encode("latin-1") == base64.b64decode("iVBORw0KGgo=")


HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
CLIENTS: dict[str, tuple[tuple[bytes, ...], list[int]]] = {
    "HTTP/1.0": ((b"GET / HTTP/1.0\r\n\r\n",), [200]),
    "chunked": ((HEAD + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n",), [200]),
    "pipelined": ((GET * 5 + LAST,), [200] * 6),
    "in pieces": (tuple(LAST[start : start + 16] for start in range(0, len(LAST), 16)), [200]),
    "no HTTP": ((b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",), [400]),
    "huge headers": ((LAST[:-2] + b"x-huge: " + b"x" * 40_000 + b"\r\n\r\n",), [431]),
    "endless headers": ((LAST[:-2] + b"x-huge: ", *[b"x" * 20_000] * 3), [400]),
    "a broken chunk": ((HEAD + b"transfer-encoding: chunked\r\n\r\nnonsense\r\n",), [400]),
    "no host": ((b"GET / HTTP/1.1\r\n\r\n",), [400]),
    "another method": ((b"TRACE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",), [405]),
    "slow headers": ((b"GET / HTTP/1.1\r\nhost",), [408]),
    "a second request without an end": ((GET + b"GET / HTTP/1.1\r\n",), [200, 408]),
    "a slow body": ((HEAD + b"connection: close\r\ncontent-length: 9\r\n\r\n{",), [408]),
    "too large": (
        (HEAD + b"connection: close\r\ncontent-length: %d\r\n\r\n" % (LARGEST_BODY + 1), b" " * 65536),
        [413],
    ),
    "too large in chunks": (
        (
            HEAD + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n",
            b"%x\r\n%b\r\n0\r\n\r\n" % (LARGEST_BODY + 1, b" " * (LARGEST_BODY + 1)),
        ),
        [413],
    ),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_gets_a_clear_status_and_nothing_stays_open(
    name: str, served: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_main, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(server_app, "BODY_SECONDS", 0.3)
    parts, expected = CLIENTS[name]

    received = served.exchange(*parts)

    assert [int(status) for status in re.findall(r"HTTP/1\.1 (\d+) ", received)] == expected, received
    assert served.leaks() == []


def test_a_client_that_goes_away_leaves_nothing_behind(served: Running) -> None:
    for content in (b"", b"POST", HEAD, HEAD + b"content-length: 9\r\n\r\n{", GET, GET * 3):
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.sendall(content)
    assert served.leaks() == []


def test_a_client_that_does_not_read_is_closed(served: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_main, "SEND_SECONDS", 0.3)
    served.handler = lambda *_: {"statusCode": 200, "body": "x" * 20_000_000}
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(LAST)
        while not served.events:
            time.sleep(0.01)
        assert served.leaks() == []


def test_a_call_that_takes_too_long_is_answered_with_504_and_a_stuck_server_says_so() -> None:
    release = threading.Event()
    health = {"method": "GET", "target": "/health", "headers": [], "body": b""}
    with Running(SERVER_TIMEOUT="0.2", SERVER_THREADS="1") as running:
        running.handler = lambda *_: {"statusCode": 200} if release.wait(10) else {}
        assert running.send(health)["body"] == '{"status":"ok"}'
        answers = [running.send({**health, "target": "/"}) for _ in range(2)]
        stuck = running.send(health)
        release.set()
        assert [answer["statusCode"] for answer in answers] == [504, 504]
        assert json.loads(answers[0]["body"])["code"] == "TIMEOUT"
        assert (stuck["statusCode"], stuck["body"]) == (503, '{"status":"stuck"}')
        assert running.leaks() == []
    assert len(running.events) == 1, "the second call waited for a thread, and was not made any more"


def test_calls_that_run_at_the_same_time_keep_their_trace_ids(
    served: Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    meet = threading.Barrier(4, timeout=10)

    def perform(event: Any, context: object) -> Answer:
        def log(_: object, call: Any) -> None:
            meet.wait()
            call.log.info("call %s", call.trace_id)
            meet.wait()

        row = {"hook": "nonspecific", "open": True}
        hooks = {"nonspecific": cases.make_hooks(row, {"nonspecific"})["nonspecific"]}
        hooks = {name: type(hook)(perform=log, require_token=False) for name, hook in hooks.items()}
        return run(event, context, hooks)

    served.handler = perform
    ids = [str(number) * 32 for number in range(1, 5)]
    requests = [
        {"method": "GET", "target": "/", "headers": [("traceparent", f"00-{one}-{'2' * 16}-00")], "body": b""}
        for one in ids
    ]
    threads = [threading.Thread(target=served.send, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert served.leaks() == []
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(line["message"] for line in lines if line["message"].startswith("call ")) == [
        f"call {one}" for one in ids
    ]
    assert all(line["message"] == f"call {line['traceId']}" for line in lines if line["message"].startswith("call "))


class Process:
    """The server as a container runs it; its log is in a file."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        self.log = log
        own = {"PYTHONPATH": "src", "SERVER_PORT": "0", "LOG_LEVEL": "INFO"}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server"], cwd=ROOT, env={**os.environ, **environment, **own}, stdout=output
            )
        while not self.lines():
            time.sleep(0.02)
            assert self.process.poll() is None
        self.port = int(self.lines()[0]["message"].rpartition(":")[2])

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of the log that are complete."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines(keepends=True) if line[-1] == "\n"]


def hammer(port: int, outcomes: list[str]) -> None:
    """Send one request after the other, as a proxy does, until the server is not healthy any more."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        while connection.sock is not None or is_healthy(port):
            connection.request("POST", "/", b"{}", {"content-type": "application/json"})
            response = connection.getresponse()
            response.read()
            outcomes.append(str(response.status))
    except (OSError, http.client.HTTPException) as error:
        outcomes.append(repr(error))


def is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/health")
    status = connection.getresponse().status
    connection.close()
    return status == http.HTTPStatus.OK


def test_sigterm_under_load_drops_no_request(biot: FakeBiot, tmp_path: Path) -> None:
    outcomes: list[str] = []
    running = Process(tmp_path / "log", {**biot.environment(), "SERVER_DRAIN": "1"})
    threads = [threading.Thread(target=hammer, args=(running.port, outcomes)) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    running.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert running.process.wait(20) == 0
    assert len(outcomes) > 0
    assert set(outcomes) <= {"400", "401"}, "each was answered by the plugin: without a token, or without the hook"
    assert len(running.lines()) >= len(outcomes)
    assert running.lines()[-1]["message"] == "Stopped; 0 calls were given up"


def test_the_service_user_can_come_from_mounted_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-secret\n", "utf-8")
    environment = {"BIOT_SERVICE_USER_SECRET_KEY_FILE": str(tmp_path / "key")}
    read_secret_files(environment)
    assert environment["BIOT_SERVICE_USER_SECRET_KEY"] == "a-secret"

    with pytest.raises(WrongSettingError, match=r"BIOT_SERVICE_USER_ID_FILE: .*gone cannot be read"):
        read_secret_files({"BIOT_SERVICE_USER_ID_FILE": str(tmp_path / "gone")})


@pytest.mark.parametrize(
    ("name", "value"), [("SERVER_PORT", "http"), ("SERVER_TIMEOUT", "0"), ("SERVER_THREADS", "-1")]
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(WrongSettingError, match=f"{name} must be a number"):
        read_server_settings({name: value})


def test_other_asgi_servers_get_an_error_for_what_is_not_http(served: Running) -> None:
    with pytest.raises(NotImplementedError):
        asyncio.run(served.app({"type": "websocket"}, None, None))  # type: ignore[arg-type]
