"""How endpoints are called: a request is sent once, every form of answer is read, and every failure is a sentence."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

import pytest

from sandbox.hooks.endpoint_client import EndpointClient
from sandbox.hooks.hook_requests import HookRequest
from sandbox.hooks.rules.hook_answers import EndpointAnswer, EndpointFailure, EndpointFailureKind
from tests.support.servers.raw_http import RawServer, reply, reset

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST = HookRequest(headers={"hooktype": "NOTIFICATION", "content-type": "application/json"}, body=b'{"a": 1}')
CHUNKED = b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{"b"\r\n3\r\n:2}\r\n0\r\n\r\n'


def post(*urls: str, seconds: float = 5) -> list[EndpointAnswer | EndpointFailure]:
    """Send the request to each address, one after the other, with one client."""

    async def run() -> list[EndpointAnswer | EndpointFailure]:
        client = EndpointClient()
        answers = [await client.post(url, REQUEST, seconds) for url in urls]
        await client.close()
        return answers

    return asyncio.run(run())


def statuses(answers: list[EndpointAnswer | EndpointFailure]) -> list[int]:
    assert all(isinstance(answer, EndpointAnswer) for answer in answers), answers
    return [answer.status for answer in answers if isinstance(answer, EndpointAnswer)]


def and_close(data: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    return answer


def test_every_request_has_a_connection_of_its_own_and_path_query_and_host() -> None:
    with RawServer(reply(200, {"b": 2})) as server:
        url = server.url
        answers = post(*[f"{url}/hook?x=1"] * 3)

    assert statuses(answers) == [200] * 3
    assert (len(server.requests), server.connections) == (3, 3)
    (first, *_) = server.requests
    assert (first.method, first.path, first.body) == ("POST", "/hook?x=1", REQUEST.body)
    assert first.headers["host"] == url.removeprefix("http://")
    assert (first.headers["hooktype"], first.headers["content-length"]) == ("NOTIFICATION", "8")


@pytest.mark.parametrize(
    "data",
    [
        reply(200, {"b": 2}, head="connection: close\r\n"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + reply(200, {"b": 2}),
        CHUNKED,
        b"HTTP/1.0 200 OK\r\n\r\n" + b'{"b": 2}',
    ],
    ids=["close", "continue", "chunked", "until the end"],
)
def test_every_form_of_an_http_answer_is_read(data: bytes) -> None:
    said = and_close(data) if b"HTTP/1.0" in data or b"close" in data else data
    with RawServer(said) as server:
        first, second = post(server.url, server.url)

    assert isinstance(first, EndpointAnswer)
    assert first.body.replace(b" ", b"") == b'{"b":2}'
    assert first == second


@pytest.mark.parametrize(
    "said", [reset, b"not HTTP\r\n\r\n", and_close(b""), and_close(b"HTTP/1.1 200 OK\r\ncontent-")]
)
def test_an_answer_that_is_not_http_is_a_failure_and_the_request_is_not_repeated(
    said: bytes | Callable[[socket.socket], None],
) -> None:
    with RawServer(said) as server:
        url = server.url
        (answer,) = post(url)

    assert isinstance(answer, EndpointFailure)
    assert answer.kind is EndpointFailureKind.UNREACHABLE
    assert answer.message.startswith(f"It cannot be reached at {url}: ")
    assert len(server.requests) == 1


def test_an_answer_that_drips_is_cut_off_in_total() -> None:
    def drip(connection: socket.socket) -> None:
        for letter in b"HTTP/1.1 200 OK\r\n":
            connection.sendall(bytes([letter]))
            time.sleep(0.05)

    with RawServer(drip) as server:
        (answer,) = post(server.url, seconds=0.2)

    assert isinstance(answer, EndpointFailure)
    assert (answer.kind, answer.message) == (EndpointFailureKind.TIMEOUT, "It gave no answer within 0.2 s.")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://localhost:99999/", "nonsense", "ftp://127.0.0.1/", "http://[::1/"]
)
def test_an_address_that_does_not_work_is_a_failure(url: str) -> None:
    (answer,) = post(url)

    assert isinstance(answer, EndpointFailure)
    assert answer.kind is EndpointFailureKind.UNREACHABLE
