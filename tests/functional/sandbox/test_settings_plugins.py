"""Plugins on the local BioT: created, read, changed and deleted, each completely or not at all."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from sandbox.server import ServerOptions, start
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.sandbox.settings_client import CODE, MINIMAL, PATIENTS, PLUGINS, Settings, settings_of, zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

OTHER_CODE = zipped({"index.py": "def handler(event, context): return 1\n"})
FULL = {
    **MINIMAL,
    "handler": "index.handler",
    "timeout": 30,
    "memorySize": 256,
    "ephemeralStorage": 1024,
    "environmentVariables": {"LOG_LEVEL": "INFO", "REGION_NAME": "eu"},
    "subscriptions": {
        "interceptionOrder": 10,
        "interceptions": [
            {"type": "PRE_REQUEST", "apiId": PATIENTS, "order": 20},
            {"type": "ADAPT_ENTITY", "entityTypeName": "patient"},
        ],
        "notifications": [{"entityTypeName": "device", "actionName": "_create", "templateName": "pump"}],
    },
    "enabledState": "DISABLED",
    "cronSchedule": "0 2 * * ? *",
    "analyticsDbAccess": True,
    "cors": {"allowOrigins": ["https://portal.example.com"]},
}
DEFAULTS = {
    "handler": "index.handler",
    "timeout": 60,
    "memorySize": 128,
    "ephemeralStorage": 512,
    "environmentVariables": {},
    "subscriptions": {"interceptions": [], "notifications": []},
    "enabledState": "ENABLED",
    "deploymentPackageType": "ZIP",
    "analyticsDbAccess": False,
    "cors": {
        "allowOrigins": ["*"],
        "allowMethods": ["GET", "POST"],
        "allowHeaders": ["authorization", "content-type"],
        "exposeHeaders": [],
    },
}


@pytest.fixture(scope="module")
def publisher(sandbox: Sandbox) -> Iterator[Settings]:
    client = settings_of(sandbox)
    with client.http:
        yield client


@pytest.fixture
def settings(publisher: Settings) -> Iterator[Settings]:
    yield publisher
    for plugin in publisher.search().json()["data"]:
        publisher.http.delete(f"{PLUGINS}/Plugin-{plugin['name']}")


def config_of(response: httpx.Response) -> dict[str, object]:
    """Return a plugin in a response without the fields that the server adds."""
    assert response.is_success, response.text
    added = {"endpointUrl", "linkToConsole", "creationTime", "lastModifiedTime"}
    body = response.json()
    assert added <= body.keys()
    return {key: value for key, value in body.items() if key not in added}


def refused(response: httpx.Response) -> tuple[int, str, dict[str, object]]:
    body = response.json()
    assert body.keys() == {"code", "message", "serviceName", "traceId", "environment", "details"}
    assert body["serviceName"] == "settings"
    return response.status_code, body["code"], body["details"]


def kept_code(sandbox: Sandbox) -> set[str]:
    folder = sandbox.running.state.database.file
    return {file.name for file in folder.with_name(f"{folder.name}.code").glob("*")}


def named(code: bytes) -> str:
    return f"{hashlib.sha256(code).hexdigest()}.zip"


def eventually(is_so: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 30
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def count(sandbox: Sandbox, table: str) -> int:
    with sandbox.running.state.database.read() as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
    return count


def test_a_minimal_plugin_gets_every_default(settings: Settings, sandbox: Sandbox) -> None:
    answer = settings.create()

    assert answer.status_code == 201
    assert config_of(answer) == {**MINIMAL, **DEFAULTS}
    assert answer.json()["endpointUrl"] == f"{sandbox.base_url}/run/Plugin-age/"
    assert settings.get().json() == settings.get("age").json() == answer.json()
    assert kept_code(sandbox) == {named(CODE)}


def test_a_plugin_with_all_fields_is_returned_as_it_was_sent(settings: Settings) -> None:
    cors = {**DEFAULTS["cors"], "allowOrigins": ["https://portal.example.com"]}  # type: ignore[dict-item]

    assert config_of(settings.create(FULL)) == {**FULL, "deploymentPackageType": "ZIP", "cors": cors}


def test_without_code_the_seed_code_is_deployed(settings: Settings, sandbox: Sandbox) -> None:
    assert config_of(settings.create(code=None))["version"] == 1
    assert kept_code(sandbox) == set()


def test_a_duplicate_name_is_a_conflict_and_changes_nothing(settings: Settings, sandbox: Sandbox) -> None:
    settings.create()

    assert refused(settings.create(code=OTHER_CODE)) == (409, "PLUGIN_EXISTS_BY_NAME", {"pluginName": "Plugin-age"})
    assert kept_code(sandbox) == {named(CODE)}


@pytest.mark.parametrize(
    ("sent", "changed"),
    [
        ({}, {}),
        ({"timeout": None, "cors": None, "subscriptions": None}, {}),
        ({"displayName": "Years"}, {"displayName": "Years"}),
        ({"version": 1, "timeout": 900}, {"timeout": 900}),
        ({"timeout": 60.0}, {"timeout": 60}),
        ({"enabledState": "ENABLED"}, {"enabledState": "ENABLED"}),
        ({"environmentVariables": {"LOG_LEVEL": "WARN"}}, {"environmentVariables": {"LOG_LEVEL": "WARN"}}),
        ({"environmentVariables": {}}, {"environmentVariables": {}}),
        ({"subscriptions": {}}, {}),
        (
            {"subscriptions": {"notifications": []}},
            {"subscriptions": {**FULL["subscriptions"], "notifications": []}},  # type: ignore[dict-item]
        ),
        ({"cors": {"allowMethods": []}}, {"cors": {"allowMethods": []}}),
        ({"runtime": "nodejs22.x"}, {"runtime": "nodejs22.x"}),
    ],
)
def test_patch_keeps_fields_that_are_not_sent(
    settings: Settings, sent: dict[str, object], changed: dict[str, object]
) -> None:
    before = config_of(settings.create(FULL))
    if "cors" in changed:
        changed = {"cors": {**before["cors"], **changed["cors"]}}  # type: ignore[dict-item]

    assert config_of(settings.patch(sent)) == {**before, **changed}
    assert config_of(settings.get()) == {**before, **changed}


def test_put_resets_fields_that_are_not_sent(settings: Settings, sandbox: Sandbox) -> None:
    created = settings.create(FULL).json()
    replaced = settings.put(MINIMAL)

    assert config_of(replaced) == {**MINIMAL, **DEFAULTS}
    assert replaced.json()["creationTime"] == created["creationTime"]
    assert kept_code(sandbox) == {named(CODE)}  # code is no field of the body
    assert config_of(settings.put({**FULL, "name": "Plugin-age", "version": 2}, OTHER_CODE))["version"] == 2
    assert kept_code(sandbox) == {named(OTHER_CODE)}


def test_deleting_a_plugin_leaves_nothing_behind(settings: Settings, sandbox: Sandbox) -> None:
    users = count(sandbox, "ums_service_user")
    settings.create({**FULL, "enabledState": "ENABLED"})
    assert [count(sandbox, table) for table in ("dispatcher_interception", "dispatcher_notification")] == [2, 1]
    assert count(sandbox, "ums_service_user") == users + 1

    assert settings.http.delete(f"{PLUGINS}/Plugin-age").status_code == 204
    assert [count(sandbox, table) for table in ("dispatcher_interception", "dispatcher_notification")] == [0, 0]
    assert count(sandbox, "ums_service_user") == users
    assert kept_code(sandbox) == set()
    for response in (settings.get(), settings.http.delete(f"{PLUGINS}/Plugin-age"), settings.patch({})):
        assert refused(response) == (404, "PLUGIN_NOT_FOUND", {"pluginName": "Plugin-age"})


def test_code_of_two_plugins_stays_until_both_are_deleted(settings: Settings, sandbox: Sandbox) -> None:
    settings.create()
    settings.create({**MINIMAL, "name": "years"})
    settings.http.delete(f"{PLUGINS}/age")

    assert kept_code(sandbox) == {named(CODE)}
    assert settings.patch({"version": 2}, OTHER_CODE, "years").is_success
    assert kept_code(sandbox) == {named(OTHER_CODE)}


@pytest.mark.parametrize(
    ("version", "code", "expected"),
    [
        (1, OTHER_CODE, "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE"),
        (None, OTHER_CODE, "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE"),
        (2, None, "PLUGIN_VERSION_MUST_NOT_BE_CHANGED_WHEN_NOT_UPDATING_CODE"),
    ],
)
def test_the_version_rule_is_enforced(
    settings: Settings, sandbox: Sandbox, version: int | None, code: bytes | None, expected: str
) -> None:
    settings.create()
    details = {"currentVersion": 1, "requestVersion": version or 1}

    assert refused(settings.patch({"version": version}, code)) == (400, expected, details)
    assert kept_code(sandbox) == {named(CODE)}
    assert config_of(settings.patch({"version": 32767}, OTHER_CODE))["version"] == 32767


def test_a_disabled_plugin_has_no_subscriptions(settings: Settings, sandbox: Sandbox) -> None:
    settings.create({**FULL, "enabledState": "ENABLED"})
    for state, subscriptions in (("DISABLED", 0), ("ENABLED", 2)):
        settings.patch({"enabledState": state})
        assert count(sandbox, "dispatcher_interception") == subscriptions


def test_a_new_plugin_gets_its_order_and_the_other_moves_up(settings: Settings, sandbox: Sandbox) -> None:
    subscriptions = {"interceptionOrder": 10, "interceptions": [{"type": "PRE_REQUEST", "apiId": PATIENTS}]}
    for name in ("first", "second"):
        settings.create({**MINIMAL, "name": name, "subscriptions": subscriptions})
    with sandbox.running.state.database.read() as connection:
        rows = connection.execute("SELECT endpoint, execution_order FROM dispatcher_interception").fetchall()
    orders = {row["endpoint"].rstrip("/").rpartition("/")[2]: row["execution_order"] for row in rows}

    assert orders == {"Plugin-first": 11, "Plugin-second": 10}


def test_a_start_on_another_port_updates_every_endpoint(tmp_path: Path) -> None:
    subscriptions = {"interceptions": [{"type": "ADAPT_ENTITY", "entityTypeName": "device"}]}
    with running_sandbox(tmp_path) as sandbox, settings_of(sandbox).http as http:
        before = Settings(http).create({**MINIMAL, "subscriptions": subscriptions}).json()
        orphan = sandbox.running.state.database.file.with_name("biot.sqlite.code") / f"{'0' * 64}.zip"
        orphan.write_bytes(b"left by a process that was killed")
    with start(ServerOptions(folder=tmp_path, port=0)) as running:
        again = replace(sandbox, running=running)
        with settings_of(again).http as http:
            after = Settings(http).get().json()
        with again.running.state.database.read() as connection:
            endpoint = connection.execute("SELECT endpoint FROM dispatcher_interception").fetchone()[0]

        assert sandbox.base_url != again.base_url
        assert after == {**before, "endpointUrl": endpoint, "linkToConsole": after["linkToConsole"]}
        assert endpoint == f"{again.base_url}/run/Plugin-age/"
        assert kept_code(again) == {named(CODE)}


@pytest.mark.parametrize("size", [1, 7, 60, 4096])
def test_a_form_can_arrive_in_pieces_of_any_size(settings: Settings, sandbox: Sandbox, size: int) -> None:
    code = zipped({"index.py": "", "noise": "some text " * 99})
    head = b'--b\r\nContent-Disposition: form-data; name="code"; filename="a.zip"\r\n\r\n'
    config = b'\r\n--b\r\nContent-Disposition: form-data; name="config"\r\n\r\n' + json.dumps(MINIMAL).encode()
    body = head + code + config + b"\r\n--b--\r\n"
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    kind = {"content-type": "multipart/form-data; boundary=b"}

    assert settings.http.post(PLUGINS, content=pieces, headers=kind).status_code == 201
    assert kept_code(sandbox) == {named(code)}


def test_an_interrupted_upload_leaves_nothing_behind(settings: Settings, sandbox: Sandbox) -> None:
    address = urlsplit(sandbox.base_url)
    token = settings.http.headers["authorization"]
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        lines = [
            f"POST {PLUGINS} HTTP/1.1",
            f"Host: {address.netloc}",
            f"Authorization: {token}",
            "Content-Type: multipart/form-data; boundary=b",
            "Content-Length: 1000000",
            "",
            '--b\r\nContent-Disposition: form-data; name="code"; filename="a.zip"\r\n\r\nPK' + "x" * 100_000,
        ]
        connection.sendall("\r\n".join(lines).encode())
        assert eventually(lambda: kept_code(sandbox))
    assert eventually(lambda: not kept_code(sandbox))
    assert settings.search().json()["data"] == []


DOCUMENTED = ("nodejs24.x", "python3.14", "java21")
"""The three examples of BioT's Console document "Plugin Configuration Management"."""


@pytest.mark.parametrize("runtime", DOCUMENTED)
def test_the_documented_runtimes_are_accepted_with_and_without_code(settings: Settings, runtime: str) -> None:
    files = {"index.py": "", "index.mjs": "", "example/Handler.class": ""}
    config = {**MINIMAL, "runtime": runtime}
    config |= {"handler": "example.Handler::handleRequest"} if runtime == "java21" else {}
    bare, with_code = settings.create({**config, "name": "bare"}, None), settings.create(config, zipped(files))
    patched = settings.patch({"version": 2, "runtime": runtime}, zipped({**files, "more": ""}))
    put = settings.put({**config, "version": 3}, zipped({**files, "most": ""}))

    assert [answer.status_code for answer in (bare, with_code, patched, put)] == [201, 201, 200, 200]
    assert put.json()["runtime"] == runtime
    assert settings.search({"filter": {"runtime": {"eq": runtime}}}).json()["metadata"]["page"]["totalResults"] == 2
