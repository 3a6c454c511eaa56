"""Only requests for this loopback address, and of a limited size, reach a route."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from sandbox.web.guard import BODY_MAX, PLUGIN_BODY_MAX, SAMPLES_HOST

if TYPE_CHECKING:
    from tests.support.sandbox.running_sandbox import Sandbox

PATH = "/ums/v1/security/public-key"
# PORT stands for the port in use.
HOSTS: tuple[list[str], ...] = (
    ["127.0.0.1:PORT"],
    ["localhost:PORT"],
    [],
    [""],
    ["127.0.0.1"],
    ["localhost"],
    ["127.0.0.1:1"],
    ["127.0.0.1:PORT0"],
    ["127.0.0.2:PORT"],
    ["0.0.0.0:PORT"],
    ["127.1:PORT"],
    ["2130706433:PORT"],
    ["0x7f000001:PORT"],
    ["LOCALHOST:PORT"],
    ["localhost.:PORT"],
    ["[::1]:PORT"],
    ["[::ffff:127.0.0.1]:PORT"],
    ["127.0.0.1:PORT@evil.example"],
    ["evil.example:PORT"],
    ["localhost.evil.example:PORT"],
    ["127.0.0.1.evil.example:PORT"],
    ["evil.example"],
    ["user@127.0.0.1:PORT"],
    ["127.0.0.1:PORT", "127.0.0.1:PORT"],
    ["evil.example", "127.0.0.1:PORT"],
)
ORIGINS: tuple[list[str], ...] = (
    [],
    ["http://127.0.0.1:PORT"],
    ["http://localhost:PORT"],
    [""],
    ["null"],
    ["http://127.0.0.1"],
    ["http://localhost"],
    ["https://127.0.0.1:PORT"],
    ["http://127.0.0.1:1"],
    ["http://localhost:PORT0"],
    ["http://LOCALHOST:PORT"],
    ["HTTP://localhost:PORT"],
    ["http://localhost:PORT/"],
    ["http://localhost:PORT/page"],
    ["http://user@localhost:PORT"],
    ["http://localhost.evil.example:PORT"],
    ["http://evil.example"],
    ["https://evil.example"],
    ["http://evil.example:PORT"],
    ["http://[::1]:PORT"],
    ["file://"],
    ["chrome-extension://abcdefgh"],
    ["http://127.0.0.1:PORT", "http://evil.example"],
    ["127.0.0.1:PORT"],
)
ALLOWED_HOSTS, ALLOWED_ORIGINS = HOSTS[:2], ORIGINS[:3]


def test_of_600_pairs_of_host_and_origin_only_the_exact_loopback_address_passes(sandbox: Sandbox) -> None:
    where = urlsplit(sandbox.base_url)
    passed = []
    with closing(http.client.HTTPConnection(str(where.hostname), where.port, timeout=10)) as connection:
        for hosts, origins in product(HOSTS, ORIGINS):
            connection.putrequest("GET", PATH, skip_host=True, skip_accept_encoding=True)
            for name, values in (("Host", hosts), ("Origin", origins)):
                for value in values:
                    connection.putheader(name, value.replace("PORT", str(where.port)))
            connection.endheaders()
            answer = connection.getresponse()
            answer.read()
            assert answer.status in {200, 400, 403}  # HTTP itself refuses a request without Host, or with two
            if answer.status == 200:
                passed.append((hosts, origins))

    assert len(HOSTS) * len(ORIGINS) == 600
    assert passed == list(product(ALLOWED_HOSTS, ALLOWED_ORIGINS))


@pytest.mark.parametrize(
    ("origin", "authorized", "status"),
    [(None, True, 200), (None, False, 403), ("http://lambda.aws.com", True, 403), ("http://127.0.0.1:PORT", True, 403)],
)
def test_the_host_that_biots_python_sample_sends_passes_with_a_token_and_without_an_origin(
    sandbox: Sandbox, origin: str | None, authorized: bool, status: int
) -> None:
    headers = {"host": SAMPLES_HOST}
    if origin:
        headers["origin"] = origin.replace("PORT", str(urlsplit(sandbox.base_url).port))
    token = sandbox.admin_token() if authorized else None
    answer = sandbox.call("GET", "/organization/v1/users/patients", token=token, headers=headers)

    assert answer.status == status


def test_a_page_of_another_site_gets_no_response_that_it_could_read(sandbox: Sandbox) -> None:
    answer = sandbox.call("GET", PATH, headers={"origin": "https://evil.example"})

    assert (answer.status, answer.body["code"]) == (403, "ACCESS_DENIED")
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    ("path", "limit"), [("/ums/v2/users/login", BODY_MAX), ("/settings/v2/plugins", PLUGIN_BODY_MAX)]
)
def test_a_body_that_is_too_large_is_refused_and_the_connection_goes_on(
    sandbox: Sandbox, path: str, limit: int
) -> None:
    where = urlsplit(sandbox.base_url)
    with closing(http.client.HTTPConnection(str(where.hostname), where.port, timeout=30)) as connection:
        connection.request("POST", path, b"x" * (limit + 1))
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (413, "PAYLOAD_TOO_LARGE")
        connection.request("GET", PATH)
        after = connection.getresponse()
        assert (after.status, json.loads(after.read()).keys()) == (200, {"publicKey"})


def test_a_chunked_body_is_counted_while_it_is_received(sandbox: Sandbox) -> None:
    where = urlsplit(sandbox.base_url)
    pieces = (b"x" * 65_536 for _ in range(BODY_MAX // 65_536 + 1))
    with closing(http.client.HTTPConnection(str(where.hostname), where.port, timeout=30)) as connection:
        connection.request("POST", "/ums/v2/users/login", pieces, encode_chunked=True)
        answer = connection.getresponse()

        assert (answer.status, json.loads(answer.read())["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_client_that_waits_for_100_continue_is_refused_before_it_sends(sandbox: Sandbox) -> None:
    where = urlsplit(sandbox.base_url)
    head = (
        f"POST /settings/v2/plugins HTTP/1.1\r\nHost: {where.netloc}\r\nExpect: 100-continue\r\n"
        f"Content-Length: {PLUGIN_BODY_MAX + 1}\r\n\r\n"
    )
    with socket.create_connection((str(where.hostname), where.port), timeout=10) as connection:
        connection.sendall(head.encode())

        assert connection.recv(12) == b"HTTP/1.1 413"


def test_a_client_that_declares_a_body_and_sends_none_is_answered(sandbox: Sandbox) -> None:
    where = urlsplit(sandbox.base_url)
    with socket.create_connection((str(where.hostname), where.port), timeout=20) as connection:
        connection.sendall(b"POST /settings/v2/plugins HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 9\r\n\r\n")

        assert connection.recv(12) == b"HTTP/1.1 403"


def test_headers_that_are_too_large_are_refused(sandbox: Sandbox) -> None:
    answer = sandbox.call("GET", PATH, headers={"x-long": "x" * 100_000})

    assert (answer.status, answer.body["code"]) == (431, "HEADERS_TOO_LARGE")


def test_the_endpoint_of_an_unknown_plugin_answers_that_there_is_none(sandbox: Sandbox) -> None:
    for path in ("/run/Plugin-a", "/run/Plugin-a/", "/run/Plugin-a/v1/hook?x=1"):
        answer = sandbox.call("POST", path, body={"any": "event"})
        assert (answer.status, answer.body["code"]) == (404, "PLUGIN_NOT_FOUND")
        assert answer.body["details"] == {"pluginName": "Plugin-a"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("GET", "/", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/ums/v2/users/login/", 404, "NOT_FOUND"),
        ("DELETE", "/ums/v2/users/login", 405, "METHOD_NOT_ALLOWED"),
        ("TRACE", PATH, 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_unknown_paths_and_methods_are_errors_in_the_platforms_format(
    sandbox: Sandbox, method: str, path: str, status: int, code: str
) -> None:
    answer = sandbox.call(method, path)

    assert (answer.status, answer.body["code"]) == (status, code)


@pytest.mark.parametrize(
    "line", ["OPTIONS * HTTP/1.1", "GET http://evil.example/ums/v1/security/public-key HTTP/1.1", "GET // HTTP/1.1"]
)
def test_unusual_request_lines_are_refused_like_any_unknown_path(sandbox: Sandbox, line: str) -> None:
    where = urlsplit(sandbox.base_url)
    with socket.create_connection((str(where.hostname), where.port), timeout=10) as connection:
        connection.sendall(f"{line}\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode())
        answer = connection.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 404")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "NOT_FOUND"
