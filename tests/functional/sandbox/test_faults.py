"""Every kind of fault on a real socket: what the client receives, and what took effect."""

from __future__ import annotations

import re
import socket
import time
import zlib
from typing import TYPE_CHECKING

import pytest

from sandbox.faults import FAULT_KINDS, FaultRule, RequestEffect, Scenario
from sandbox.faults.concurrent_changes import OTHER_MEMORY_MB
from tests.support.sandbox.faulty_app import Gated, gated

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/settings/v2/plugins/Plugin-one"
HANGING = {"hang-before-apply", "hang-after-apply", "hang-mid-answer", "only-1xx"}
RESET = {"reset-before-read", "reset-mid-upload", "reset-after-read", "reset-after-apply", "reset-mid-answer"}
UPLOAD = b"x" * 200_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    with gated(tmp_path_factory.mktemp("gate")) as running:
        yield running


def request(method: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [
        f"{method} {PATH} HTTP/1.1",
        "host: x",
        "authorization: Bearer t",
        f"content-length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def talk(served: Gated, sent: bytes, *, patience: float = 5.0) -> tuple[bytes, str]:
    """Return the bytes that arrive until the end, and how the connection ends."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=patience) as connection:
        received = bytearray()
        try:
            connection.sendall(sent)
            while piece := connection.recv(1 << 20):
                received += piece
        except TimeoutError:
            return bytes(received), "hang"
        except (ConnectionResetError, BrokenPipeError):
            return bytes(received), "reset"
        return bytes(received), "close"


def meet(served: Gated, name: str, *, method: str = "PATCH", body: bytes = UPLOAD) -> tuple[bytes, str]:
    seconds = 0.001 if name == "slow-drip" else 0.1
    served.gate.play(
        Scenario(rules=(FaultRule(kind=FAULT_KINDS[name], seconds=seconds, elsewhere="https://elsewhere.example"),))
    )
    served.applied.requests.clear()
    seen = talk(served, request(method, body, "connection: close"))
    while served.gate.pending:
        time.sleep(0.01)
    return seen


@pytest.mark.parametrize("name", FAULT_KINDS)
def test_a_request_takes_effect_as_its_fault_kind_says(served: Gated, name: str) -> None:
    received, end = meet(served, name)

    uploads = [request_ for request_ in served.applied.requests if request_ == ("PATCH", PATH, UPLOAD)]
    assert len(uploads) == (FAULT_KINDS[name].effect is not RequestEffect.NONE)
    assert end == "reset" or name not in RESET
    assert [faulted.kind for faulted in served.gate.faulted_requests] == [name]
    if FAULT_KINDS[name].script is None:
        assert received.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("reset-after-apply", rb""),
        ("close-before-apply", rb""),
        ("reset-mid-answer", rb'HTTP/1\.1 200 .*\{"name".*[^}]'),
        ("garbage", rb"SSH-2\.0.*"),
        ("gateway-timeout-after", rb'HTTP/1\.1 504 .*"code": "GATEWAY_TIMEOUT".*"serviceName": "settings".*'),
        ("gateway-timeout-late", rb"HTTP/1\.1 504 .*"),
        ("bad-gateway", rb"HTTP/1\.1 502 .*text/html.*<html>.*"),
        ("unavailable-retry-after", rb"HTTP/1\.1 503 .*retry-after: 2\r\n.*"),
        ("unavailable-retry-date", rb"HTTP/1\.1 503 .*retry-after: Fri, 20 Nov 2026 21:00:03 GMT\r\n.*"),
        ("redirect-307", rb"HTTP/1\.1 307 .*location: https://elsewhere\.example/settings/v2/plugins/Plugin-one\r\n.*"),
        ("rollback-failed-after", rb'HTTP/1\.1 500 .*PLUGIN_ROLLBACK_FAILED.*"apiName": "plugins".*'),
        ("empty-body", rb"HTTP/1\.1 200 .*content-length: 0\r\n.*\r\n\r\n"),
        ("no-length", rb"HTTP/1\.1 200 (?!.*content-length).*\}"),
        ("http-1.0", rb"HTTP/1\.0 200 (?!.*content-length).*\}"),
        ("chunks-without-end", rb"HTTP/1\.1 200 .*chunked.*\}\r\n"),
        ("many-1xx", rb"(HTTP/1\.1 103 Early Hints\r\nlink[^\r]+\r\n\r\n){500}HTTP/1\.1 200 .*\}"),
        ("duplicate-keys", rb'.*\{"name": 1, "name": "Plugin-one", .*'),
        ("unknown-fields", rb'.*"version": 3, .*"zzz".*'),
        ("utf-16", rb".*\r\n\r\n\xff\xfe\{\x00.*"),
        ("invalid-utf-8", rb'.*\r\n\r\n\{"\xffname".*'),
        ("another-plugin", rb'.*"name": "Plugin-somebody-elses".*'),
        ("other-success", rb"HTTP/1\.1 202 .*"),
        ("day-ahead", rb".*date: Sat, 21 Nov 2026 21:00:00 GMT.*2026-11-21T21:30:00\.000Z.*"),
        ("day-behind", rb".*date: Thu, 19 Nov 2026 21:00:00 GMT.*2026-11-19T21:30:00\.000Z.*"),
    ],
)
def test_the_client_receives_the_expected_bytes(served: Gated, name: str, pattern: bytes) -> None:
    received, _ = meet(served, name)

    assert re.fullmatch(pattern, received, re.DOTALL), received[:2000]


@pytest.mark.parametrize(
    ("name", "difference"), [("length-too-small", -40), ("length-too-large", 40), ("truncated-json", 0)]
)
def test_a_wrong_content_length_differs_from_the_body(served: Gated, name: str, difference: int) -> None:
    received, _ = meet(served, name)
    head, _, body = received.partition(b"\r\n\r\n")
    content_length = re.search(rb"content-length: (\d+)", head)

    assert content_length is not None
    assert int(content_length[1]) - len(body) == difference


def test_a_small_response_decompresses_to_a_large_one(served: Gated) -> None:
    received, _ = meet(served, "gzip-bomb")

    body = received.partition(b"\r\n\r\n")[2]
    assert len(body) < 100_000
    assert len(zlib.decompress(body, wbits=31)) == 64 * 1024 * 1024


@pytest.mark.parametrize("name", sorted(HANGING))
def test_a_hanging_request_ends_when_the_client_leaves(served: Gated, name: str) -> None:
    served.gate.play(Scenario(rules=(FaultRule(kind=FAULT_KINDS[name]),)))

    assert talk(served, request("GET"), patience=0.1)[1] == "hang"
    assert talk(served, request("GET", b"", "connection: close"))[1] == "close"


def test_a_scenario_counts_the_requests_that_it_applies_to(served: Gated) -> None:
    rule = FaultRule(kind=FAULT_KINDS["unavailable"], method="PATCH", path="/settings/*", request=2, times=2)
    served.gate.play(Scenario(rules=(rule,)))
    statuses = []
    for method in ("PATCH", "GET", "PATCH", "GET", "PATCH", "PATCH"):
        received, _ = talk(served, request(method, b"", "connection: close"))
        statuses.append(received[9:12])

    assert statuses == [b"200", b"200", b"503", b"200", b"503", b"200"]
    assert served.gate.requests == 6


def test_a_header_requests_a_fault(served: Gated) -> None:
    served.gate.play(Scenario())
    faulty, _ = talk(served, request("GET", b"", "x-sandbox-fault: bad-gateway"))
    unknown, _ = talk(served, request("GET", b"", "x-sandbox-fault: nonsense"))
    plain, _ = talk(served, request("GET", b"", "connection: close"))

    assert [faulty[9:12], unknown[9:12], plain[9:12]] == [b"502", b"400", b"200"]
    assert b"nonsense is not a fault kind" in unknown


def test_an_expired_token_stays_expired_until_a_new_one_is_used(served: Gated) -> None:
    served.gate.play(Scenario(rules=(FaultRule(kind=FAULT_KINDS["token-expired"], request=2),)))
    tokens = ("t", "t", "t", "new")
    seen = [
        talk(served, request("GET", b"", "connection: close").replace(b"er t", b"er " + t.encode()))[0] for t in tokens
    ]

    assert [received[9:12] for received in seen] == [b"200", b"401", b"401", b"200"]


def test_requests_without_a_fault_share_one_connection(served: Gated) -> None:
    served.gate.play(Scenario())
    received, _ = talk(served, request("PATCH", UPLOAD) + request("GET", b"", "connection: close"))

    assert received.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("other-config", [("PATCH", "memorySize"), ("PATCH", "ours")]),
        ("other-code", [("GET", ""), ("PATCH", "index.py"), ("PATCH", "ours")]),
        ("other-code-after", [("PATCH", "ours"), ("GET", ""), ("PATCH", "index.py")]),
        ("deleted", [("DELETE", ""), ("PATCH", "ours")]),
        ("rollback-failed-partly", [("GET", ""), ("PATCH", "ours"), ("PATCH", "ADAPT_ENTITY")]),
    ],
)
def test_another_user_changes_the_same_plugin(served: Gated, name: str, expected: list[tuple[str, str]]) -> None:
    meet(served, name, body=b"ours")

    seen = served.applied.requests
    assert [method for method, _, _ in seen] == [method for method, _ in expected]
    assert {path for _, path, _ in seen} == {PATH}
    assert all(text.encode() in body for (_, _, body), (_, text) in zip(seen, expected, strict=True))
    assert name != "other-config" or str(OTHER_MEMORY_MB).encode() in seen[0][2]
