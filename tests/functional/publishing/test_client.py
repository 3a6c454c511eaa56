"""The client against a server of raw bytes: its requests, and how it handles every kind of bad response."""

from __future__ import annotations

import email.parser
import email.policy
import gzip
import json
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from builder.network.secret_text import SecretText
from builder.publishing.api.calls import ApiCalls
from builder.publishing.api.client import BiotClient
from builder.publishing.api.http_transport import HttpTransport, RequestLimits
from builder.publishing.api_values import TargetEnvironment
from builder.publishing.failures import (
    AccessDenied,
    NoAnswer,
    NoSuchPlugin,
    OutcomeUnknown,
    Refused,
    RolledBack,
    Unreachable,
)
from tests.support.biot.virtual_time import VirtualClock
from tests.support.servers.certificate_authority import Authority, served_by_tls
from tests.support.servers.raw_http import RawServer, failure, reply, reset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLUGIN = {
    "name": "Plugin-age",
    "displayName": "Age",
    "version": 3,
    "endpointUrl": "https://e",
    "linkToConsole": "https://console.aws.amazon.com/lambda/home?region=eu-central-1#/functions/Plugin-age",
    "creationTime": "2026",
}
CONFIG = {"name": "age", "displayName": "Âge", "version": 1}
QUICK = RequestLimits(connect=2.0, read=0.3, write=2.0, total=1.0, response_bytes=100_000)


class OneToken:
    """Numbered tokens; each renewal gives the next one."""

    def __init__(self) -> None:
        self.renewed = 0

    def bearer(self) -> SecretText:
        return SecretText(f"token-{self.renewed}")

    def renew(self, refused: SecretText) -> SecretText:
        assert refused == self.bearer()
        self.renewed += 1
        return self.bearer()


def client(server: RawServer, clock: VirtualClock | None = None) -> BiotClient:
    transport = HttpTransport(
        TargetEnvironment(name="test", base_url=server.url), {}, query_limits=QUICK, change_limits=QUICK
    )
    return BiotClient(ApiCalls(transport, clock or VirtualClock(), chance=lambda: 1.0), OneToken())


def test_create_sends_config_as_a_plain_field_and_code_as_a_file(tmp_path: Path) -> None:
    code = tmp_path / "age.zip"
    code.write_bytes(b"PK\r\n--" * 100_000)

    with RawServer(reply(201, PLUGIN)) as server, client(server) as biot:
        created = biot.create(CONFIG, code)

    (sent,) = server.requests
    assert (sent.method, sent.path) == ("POST", "/settings/v2/plugins")
    assert sent.headers["authorization"] == "Bearer token-0"
    assert "transfer-encoding" not in sent.headers
    raw = b"content-type: " + sent.headers["content-type"].encode() + b"\r\n\r\n" + sent.body
    config, file = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(raw).iter_parts()
    assert config.items() == [("Content-Disposition", 'form-data; name="config"')]
    assert json.loads(bytes(config.get_payload(decode=True))) == CONFIG
    assert file["content-disposition"].params == {"name": "code", "filename": "age.zip"}
    assert file.get_content_type() == "application/zip"
    assert file.get_payload(decode=True) == code.read_bytes()
    assert (created.name, created.version, created.endpoint_url) == ("age", 3, "https://e")


def test_an_update_without_code_has_one_part_and_no_immutable_field() -> None:
    changes = {"name": "age", "deploymentPackageType": "ZIP", "timeout": 5, "subscriptions": {}}

    with RawServer(reply(200, PLUGIN)) as server, client(server) as biot:
        biot.update("age", changes, None)

    (sent,) = server.requests
    assert (sent.method, sent.path) == ("PATCH", "/settings/v2/plugins/Plugin-age")
    assert b"filename" not in sent.body
    config = json.loads(sent.body.split(b"\r\n\r\n")[1].split(b"\r\n")[0])
    assert config == {
        "timeout": 5,
        "subscriptions": {"interceptionOrder": None, "interceptions": [], "notifications": []},
    }


def test_the_own_name_is_tried_when_biot_does_not_know_the_full_name() -> None:
    missing = failure(404, "PLUGIN_NOT_FOUND", pluginName="Plugin-age")

    with RawServer(missing, reply(200, {**PLUGIN, "name": "age"}), reply(200, PLUGIN)) as server:
        biot = client(server)
        plugin = biot.read("age")
        biot.update("age", {"timeout": 5}, None)
        biot.close()

    assert plugin is not None
    assert plugin.full_name == "Plugin-age"
    assert [one.path.rsplit("/")[-1] for one in server.requests] == ["Plugin-age", "age", "age"]


def test_a_missing_plugin_is_none_for_a_query_and_an_error_for_a_change() -> None:
    with RawServer(failure(404, "PLUGIN_NOT_FOUND")) as server, client(server) as biot:
        assert biot.read("age") is None
        with pytest.raises(NoSuchPlugin, match="age in test"):
            biot.update("age", {"timeout": 5}, None)
        with pytest.raises(NoSuchPlugin):
            biot.delete("age")


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a b", "", "é", "a\n"])
def test_an_invalid_name_is_never_sent(name: str) -> None:
    with RawServer(reply(200, PLUGIN)) as server, client(server) as biot:
        assert biot.read(name) is None
        with pytest.raises(NoSuchPlugin):
            biot.delete(name)

    assert server.requests == []


def test_put_with_all_fields_is_sent_where_patch_is_unknown() -> None:
    fields = {**PLUGIN, "environmentVariables": {"A": "1", "BIOT_APP_NAME": "x"}, "timeout": 3, "runtime": None}

    with RawServer(failure(405, "METHOD_NOT_ALLOWED"), reply(200, fields), reply(200, PLUGIN)) as server:
        biot = client(server)
        biot.update("age", {"timeout": 5}, None)
        biot.close()

    assert [one.method for one in server.requests] == ["PATCH", "GET", "PUT"]
    whole = json.loads(server.requests[-1].body.split(b"\r\n\r\n")[1].split(b"\r\n")[0])
    assert whole == {
        "name": "age",
        "displayName": "Age",
        "version": 3,
        "timeout": 5,
        "environmentVariables": {"A": "1"},
    }


def page(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def drip(connection: socket.socket) -> None:
    for byte in reply(200, PLUGIN):
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def silence(connection: socket.socket) -> None:
    time.sleep(0.6)
    connection.close()


def say(data: bytes) -> Callable[[socket.socket], None]:
    def send_and_close(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    return send_and_close


WHOLE = reply(200, PLUGIN)
BOMB = gzip.compress(b" " * 50_000_000)
BAD: dict[str, bytes | Callable[[socket.socket], None]] = {
    "reset": reset,
    "silence": silence,
    "drip": drip,
    "truncated": say(WHOLE[:-10]),
    "too-short-length": say(WHOLE.replace(b"content-length: ", b"content-length: 1\r\nx: ")),
    "only-a-head": say(b"HTTP/1.1 200 OK\r\n"),
    "no-http": say(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "page": page(b"<!DOCTYPE html><title>Sign in</title>"),
    "empty": reply(200),
    "list": reply(200, [PLUGIN]),
    "twice": reply(200, body=b'{"name": "Plugin-age", "name": "Plugin-age", "displayName": "A", "version": 3}'),
    "latin-1": reply(200, body='{"name": "Plugin-age", "displayName": "Â", "version": 3}'.encode("latin-1")),
    "nan": reply(200, body=b'{"name": "Plugin-age", "displayName": "A", "version": NaN}'),
    "deep": reply(200, body=b"[" * 90_000),
    "text-version": reply(200, {**PLUGIN, "version": "3"}),
    "true-version": reply(200, {**PLUGIN, "version": True}),
    "version-0": reply(200, {**PLUGIN, "version": 0}),
    "odd-variables": reply(200, {**PLUGIN, "environmentVariables": {"A": 1}}),
    "odd-subscriptions": reply(200, {**PLUGIN, "subscriptions": {"interceptions": "none"}}),
    "another-plugin": reply(200, {**PLUGIN, "name": "Plugin-agent"}),
    "huge": reply(200, {**PLUGIN, "displayName": "A" * 200_000}),
    "bomb": reply(200, body=BOMB, head="content-encoding: gzip\r\n"),
    "no-gzip": reply(200, PLUGIN, head="content-encoding: gzip\r\n"),
    "half-gzip": reply(200, body=gzip.compress(json.dumps(PLUGIN).encode())[:-12], head="content-encoding: gzip\r\n"),
    "brotli": reply(200, PLUGIN, head="content-encoding: br\r\n"),
    "redirect": reply(302, head="location: http://127.0.0.1:9/elsewhere\r\n"),
    "rollback-failed": failure(500, "PLUGIN_ROLLBACK_FAILED", apiName="create"),
    "502": page(b"<html><h1>502 Bad Gateway</h1>").replace(b"200 OK", b"502 Bad Gateway"),
    "503": failure(503, "UNAVAILABLE", head="retry-after: 3\r\n"),
    "504": failure(504, "GATEWAY_TIMEOUT"),
    "proxys-403": page(b"<html>blocked by policy").replace(b"200 OK", b"403 Forbidden"),
    "somebody's-404": reply(404, {"timestamp": "2026", "status": 404, "error": "Not Found"}),
    "half-a-400": say(failure(400, "ENVIRONMENT")[:-20]),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_change_with_a_bad_response_has_an_unknown_outcome_and_is_sent_once(kind: str) -> None:
    with RawServer(BAD[kind]) as server, client(server) as biot, pytest.raises(OutcomeUnknown) as caught:
        biot.update("age", {"timeout": 5}, None)

    assert len(server.requests) == 1
    assert "It is unknown" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("kind", BAD)
def test_a_query_with_a_bad_response_never_invents_a_result(kind: str) -> None:
    script = [BAD[kind], WHOLE] if kind in {"silence", "drip"} else [BAD[kind]]
    clock = VirtualClock()

    with RawServer(*script) as server, client(server, clock) as biot:
        if len(script) > 1:
            plugin = biot.read("age")
            assert plugin is not None
            assert plugin.version == 3
            return
        with pytest.raises(NoAnswer) as caught:
            biot.read("age")

    assert "no usable answer" in caught.value.message or "answered with" in caught.value.message
    assert sum(clock.waits) <= 90


def test_queries_wait_longer_each_time_and_as_long_as_the_server_asks() -> None:
    clock = VirtualClock()
    busy = failure(503, "UNAVAILABLE", head="retry-after: 7\r\n")

    with (
        RawServer(reset, failure(500, "INTERNAL_SERVER_ERROR"), busy, WHOLE) as server,
        client(server, clock) as biot,
    ):
        assert biot.read("age") is not None

    assert clock.waits == [0.4, 0.8, 7 + 1.6]


def test_a_server_cannot_make_the_client_wait_for_an_hour() -> None:
    clock = VirtualClock()

    with (
        RawServer(failure(429, "TOO_MANY", head="retry-after: 3600\r\n")) as server,
        client(server, clock) as biot,
        pytest.raises(NoAnswer, match="TOO_MANY"),
    ):
        biot.read("age")

    assert clock.waits == []


def test_a_refused_token_is_replaced_once_also_in_the_middle_of_a_change(tmp_path: Path) -> None:
    code = tmp_path / "age.zip"
    code.write_bytes(b"PK" * 1000)
    refused = failure(401, "TOKEN_NOT_VALID")

    with RawServer(refused, reply(200, PLUGIN)) as server, client(server) as biot:
        biot.update("age", {"version": 4}, code)
    with RawServer(refused) as always, client(always) as biot, pytest.raises(AccessDenied, match="TOKEN_NOT_VALID"):
        biot.read("age")

    assert [one.headers["authorization"] for one in server.requests] == ["Bearer token-0", "Bearer token-1"]
    assert server.requests[1].body.count(b"PK" * 1000) == 1
    assert len(always.requests) == 2


def test_a_complete_refusal_quotes_biot_and_says_that_nothing_changed() -> None:
    result = failure(409, "PLUGIN_EXISTS_BY_NAME", pluginName="age\x1b[31m\u202e")

    with RawServer(result) as server, client(server) as biot, pytest.raises(Refused) as caught:
        biot.create(CONFIG, None)

    assert (caught.value.status, caught.value.code) == (409, "PLUGIN_EXISTS_BY_NAME")
    assert "Nothing was changed" in caught.value.hint
    assert "\x1b" not in caught.value.message
    assert "\u202e" not in caught.value.message


def test_a_missing_permission_is_named() -> None:
    with (
        RawServer(failure(403, "ACCESS_DENIED")) as server,
        client(server) as biot,
        pytest.raises(AccessDenied, match="SETTINGS_PLUGIN_DELETE"),
    ):
        biot.delete("age")


def test_a_refused_connection_is_reported_at_once_as_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    clock = VirtualClock()
    biot = BiotClient(ApiCalls(HttpTransport(TargetEnvironment(name="local", base_url=url), {}), clock), OneToken())

    with pytest.raises(Unreachable, match=r"the connection was refused\. Nothing was sent") as caught:
        biot.read("age")
    with pytest.raises(Unreachable, match="Nothing was sent"):
        biot.create(CONFIG, None)
    assert "sandbox" in caught.value.hint
    assert clock.waits == []


def test_the_bearer_never_follows_a_redirect() -> None:
    with RawServer(reply(200, PLUGIN)) as other:
        away = reply(307, head=f"location: {other.url}/settings/v2/plugins/Plugin-age\r\n")
        with RawServer(away) as server, client(server) as biot, pytest.raises(NoAnswer, match="not followed"):
            biot.read("age")

    assert other.requests == []


def test_requests_to_this_machine_never_pass_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(failure(500, "PROXY")) as proxy, RawServer(WHOLE) as server, client(server) as biot:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)

        assert biot.read("age") is not None

    assert proxy.requests == []


def test_https_goes_through_the_proxy_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(reply(407)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        transport = HttpTransport(TargetEnvironment(name="dev", base_url="https://biot.invalid"), {})
        biot = BiotClient(ApiCalls(transport, VirtualClock()), OneToken())
        with pytest.raises(Unreachable, match=r"biot\.invalid"):
            biot.create(CONFIG, None)
        biot.close()

    assert [(one.method, one.path) for one in proxy.requests] == [("CONNECT", "biot.invalid:443")]


@pytest.mark.parametrize(
    "url", ["http://biot.example.com", "ftp://a", "https://user@biot.example.com", "https://a/b", ""]
)
def test_credentials_go_only_to_https_or_to_this_machine(url: str) -> None:
    with pytest.raises(Unreachable, match="not a valid address for BioT"):
        HttpTransport(TargetEnvironment(name="dev", base_url=url), {})


def test_unreadable_certificates_are_reported_and_never_ignored(tmp_path: Path) -> None:
    transport = HttpTransport(
        TargetEnvironment(name="dev", base_url="https://biot.invalid"), {"SSL_CERT_FILE": str(tmp_path / "none.pem")}
    )

    with pytest.raises(Unreachable, match="SSL_CERT_FILE"):
        BiotClient(ApiCalls(transport, VirtualClock()), OneToken()).read("age")


def test_a_change_has_a_connection_of_its_own() -> None:
    with RawServer(WHOLE) as server, client(server) as biot:
        biot.read("age")
        biot.read("age")
        assert server.connections == 1
        biot.update("age", {"timeout": 5}, None)
        biot.update("age", {"timeout": 6}, None)
        assert server.connections == 3


def test_a_file_that_shrinks_during_the_upload_is_never_a_success(tmp_path: Path) -> None:
    code = tmp_path / "age.zip"
    code.write_bytes(bytes(3_000_000))

    class Shrinking:
        def begin(self, task: str, total: int) -> None:
            del task, total
            with code.open("r+b") as stream:
                stream.truncate(1000)

        def advance(self, item: str) -> None:
            del item

        def note(self, message: str) -> None:
            del message

    with RawServer(reply(200, PLUGIN)) as server:
        transport = HttpTransport(
            TargetEnvironment(name="test", base_url=server.url), {}, query_limits=QUICK, change_limits=QUICK
        )
        with (
            BiotClient(ApiCalls(transport, VirtualClock()), OneToken(), Shrinking()) as biot,
            pytest.raises(OutcomeUnknown),
        ):
            biot.update("age", {"version": 4}, code)


def test_an_upload_that_is_refused_early_is_not_a_success(tmp_path: Path) -> None:
    """A gateway that answers 413 and hangs up while the body is still on its way."""
    code = tmp_path / "age.zip"
    code.write_bytes(bytes(20_000_000))
    too_large = page(b"<html>413").replace(b"200 OK", b"413 Too Large")

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def turn_away() -> None:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(too_large)
            connection.close()

        thread = threading.Thread(target=turn_away)
        thread.start()
        transport = HttpTransport(
            TargetEnvironment(name="t", base_url=f"http://127.0.0.1:{listener.getsockname()[1]}"),
            {},
            change_limits=QUICK,
        )
        with BiotClient(ApiCalls(transport, VirtualClock()), OneToken()) as biot, pytest.raises(OutcomeUnknown):
            biot.update("age", {"version": 4}, code)
        thread.join()


def test_only_named_authorities_are_trusted(tmp_path: Path) -> None:
    ours, others = Authority(), Authority()
    files = {name: tmp_path / f"{name}.pem" for name in ("ours", "others")}
    files["ours"].write_bytes(ours.certificate)
    files["others"].write_bytes(others.certificate)

    with served_by_tls(ours, "localhost", WHOLE) as port:

        def read(host: str, environ: dict[str, str]) -> object:
            transport = HttpTransport(
                TargetEnvironment(name="t", base_url=f"https://{host}:{port}"), environ, query_limits=QUICK
            )
            with BiotClient(ApiCalls(transport, VirtualClock()), OneToken()) as biot:
                return biot.read("age")

        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            assert read("localhost", {name: str(files["ours"])}) is not None
        for host, environ in (
            ("localhost", {}),
            ("localhost", {"SSL_CERT_FILE": str(files["others"])}),
            ("127.0.0.1", {"SSL_CERT_FILE": str(files["ours"])}),
        ):
            with pytest.raises(Unreachable, match="certificate is not trusted") as caught:
                read(host, environ)
            assert "SSL_CERT_FILE" in caught.value.hint


def test_no_thread_and_no_socket_remains() -> None:
    before = threading.active_count()

    with RawServer(WHOLE) as server:
        with client(server) as biot:
            biot.read("age")
        server.requests.clear()

    deadline = time.monotonic() + 2
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


@pytest.mark.parametrize(
    ("status", "code", "cause", "lasting"),
    [
        (500, "AWS_EXCEPTION", "TooManyRequestsException", False),
        (500, "AWS_EXCEPTION", "software.amazon.awssdk.services.lambda.model.InvalidParameterValueException", True),
        (500, "AWS_EXCEPTION", "CodeStorageExceededException", True),
        (500, "INTERNAL_SERVER_ERROR", "", False),
    ],
)
def test_a_complete_error_with_a_rollback_is_reported_as_rolled_back(
    status: int, code: str, cause: str, lasting: bool
) -> None:
    details = {"className": cause} if cause else {}
    with RawServer(failure(status, code, **details)) as server, client(server) as biot:
        for send in (
            lambda: biot.create(CONFIG, None),
            lambda: biot.update("age", {"version": 3}, None),
            lambda: biot.delete("age"),
        ):
            with pytest.raises(RolledBack, match="rolled it back") as caught:
                send()
            assert (caught.value.code, caught.value.lasting) == (code, lasting)


@pytest.mark.parametrize(("status", "code"), [(500, "PLUGIN_ROLLBACK_FAILED"), (504, "GATEWAY_TIMEOUT")])
def test_an_uncertain_error_has_an_unknown_outcome(status: int, code: str) -> None:
    with RawServer(failure(status, code)) as server, client(server) as biot, pytest.raises(OutcomeUnknown):
        biot.update("age", {"version": 3}, None)


def test_the_dispatcher_promises_no_rollback() -> None:
    whole_error = failure(500, "INTERNAL_SERVER_ERROR")
    with RawServer(whole_error) as server, client(server) as biot, pytest.raises(OutcomeUnknown):
        biot.dispatcher.subscribe("notifications", {"endpoint": "https://e"})
