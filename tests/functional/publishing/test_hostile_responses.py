"""Hostile text in any field of a response is printed safely."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from builder.network.secret_text import SecretText
from builder.publishing.clock import SystemClock
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
from tests.support.repetitions import exhaustive_after, exhaustive_except
from tests.support.servers.altering_proxy import AlteringProxy, Exchange, altering_proxy, as_it_is

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.publishing.api.client import BiotClient
    from tests.functional.publishing.conftest import CommandLine, CommandResult
    from tests.support.sandbox.running_sandbox import Sandbox

HOSTILE = (
    "x\nFORGED: done\r\n::error::FORGED\r\x1b[2J\x1b]0;FORGED\x07\x9b1m\x85FORGED\u2028FORGED "
    "##[error]FORGED ##vso[task.complete]FORGED \u202egnp\u2066\u200b\u200d\xad\ufeff\U000e0041"
)
ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
COMMAND = re.compile(r"^\s*(?:::|FORGED)|##[a-z]*\[", re.MULTILINE)
MANIFEST = """[plugin]
name = "age-calculator"
displayName = "Age Calculator"
version = 1
runtime = "python3.12"
environmentVariables = { LEVEL = "high" }

[plugin.subscriptions]
interceptionOrder = 20
interceptions = [{ type = "PRE_REQUEST", apiId = "POST/organization/v1/users/patients" }]
notifications = [{ entityTypeName = "device", actionName = "_create" }]
"""
CONFIG = {
    "name": "age-calculator",
    "displayName": "Age",
    "version": 1,
    "runtime": "python3.12",
    "environmentVariables": {"LEVEL": "low"},
    "subscriptions": {
        "interceptionOrder": 30,
        "interceptions": [{"type": "PRE_REQUEST", "apiId": "POST/organization/v1/users/patients"}],
        "notifications": [{"entityTypeName": "device", "actionName": "_delete"}],
    },
}
COMMANDS = (
    ("list",),
    ("show",),
    ("plan", "--artifact", "dist/age-calculator-1.zip"),
    ("publish", "--artifact", "dist/age-calculator-1.zip"),
    ("endpoint",),
    ("open",),
    ("logs",),
    ("enable",),
    ("disable",),
    ("subscriptions",),
    ("subscribe", "notification", "device", "_update", "--endpoint", "https://example.com/hook"),
    ("unsubscribe", "notification", "device", "_updat", "--endpoint", "https://example.com/hook"),
    ("catalog", "--search", "a"),
    ("doctor",),
    ("show", "age-calculato"),
    ("delete", "age-calculator", "--yes"),
)
LOGGING_IN = ("doctor",)  # every command logs in alike
ONE_PLUGIN = ("endpoint", "open", "logs", "enable", "disable", "delete")  # they read a plugin as `show` does
ONE_PLUGIN_SHOWS = {"name", "displayName", "endpointUrl", "linkToConsole", "enabledState"}
ERRORS = (400, 401, 403, 404, 409, 429, 500, 504)


@pytest.fixture
def proxy(sandbox: Sandbox, plugin_folder: Path, client: BiotClient) -> Iterator[AlteringProxy]:
    """The local BioT behind a proxy, with one plugin; ``local`` is the proxy."""
    user = sandbox.service_user
    (plugin_folder / "plugin.toml").write_text(MANIFEST)
    (plugin_folder / "src").mkdir()
    (plugin_folder / "src" / "index.py").write_text("def handler(event, context):\n    return 1\n")
    (plugin_folder / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\n")
    client.create(CONFIG, None)
    with altering_proxy(sandbox.base_url) as running:
        secret = SecretText(user.secret_key)
        address = LocalBiot(base_url=running.base_url, service_user_id=user.id, service_user_secret_key=secret)
        write_local_biot(StateFolder(folder=plugin_folder.parent / "state"), address)
        yield running


def places(value: object, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every text and every key of a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*above, key, "its key")
            yield from places(item, (*above, key))
    elif isinstance(value, list):
        for at, item in enumerate(value[:2]):
            yield from places(item, (*above, at))
    elif isinstance(value, str) or value is None:
        yield above


def poisoned(value: object, place: tuple[str | int, ...]) -> object:
    """The value with hostile text in one place."""
    if not place:
        return f"{value or ''}{HOSTILE}"
    first, *rest = place
    if isinstance(value, dict) and rest == ["its key"]:
        return {f"{key}{HOSTILE}" if key == first else key: item for key, item in value.items()}
    if isinstance(value, dict):
        return {key: poisoned(item, tuple(rest)) if key == first else item for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, tuple(rest)) if at == first else item for at, item in enumerate(value)]
    return value


def matters(command: str, exchange: Exchange, place: tuple[str | int, ...]) -> bool:
    """Whether this command shows a place that another command of this test has not shown in the same way."""
    if exchange.path.startswith("/ums/"):
        return command in LOGGING_IN
    if command == "publish":
        return exchange.method != "GET"  # `plan` reads the same
    return command not in ONE_PLUGIN or place[0] in ONE_PLUGIN_SHOWS


def everywhere(exchange: Exchange) -> Exchange:
    """Hostile text in every text that the kit passes on without reading it."""
    document = as_json(exchange.body)
    for place in places(document):
        if place[-1] in {"displayName", "endpointUrl", "message", "templateName", "apiId", "entityTypeName", "LEVEL"}:
            document = poisoned(document, place)
    return exchange if document is None else replace(exchange, body=json.dumps(document).encode())


def as_json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def assert_harmless(result: CommandResult, where: object) -> None:
    for text in (result.out, result.err):
        assert not ACTING.search(text), (where, text)
        assert not COMMAND.search(text), (where, text)
    assert result.code != 70, (where, result.err)


def shape(path: str) -> str:
    return re.sub(r"\?.*", "", path)


@pytest.fixture
def run(
    biot_plugin: CommandLine,
    proxy: AlteringProxy,
    client: BiotClient,
    plugin_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    waited = [0.0]
    monkeypatch.setattr(SystemClock, "sleep", lambda _, seconds: waited.append(max(seconds, 0)))
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: time.monotonic() + sum(waited))
    return Run(biot_plugin, proxy, client, plugin_folder)


class Run:
    """One command on the same state each time, with answers altered as asked."""

    def __init__(self, biot_plugin: CommandLine, proxy: AlteringProxy, client: BiotClient, plugin_folder: Path) -> None:
        self._biot_plugin, self._platform, self._desk = biot_plugin, client, plugin_folder
        self.proxy = proxy
        packaged = biot_plugin("package")
        assert packaged.code == 0, packaged.err

    def __call__(self, *command: str) -> CommandResult:
        for plugin in self._platform.search({"limit": 100}).plugins:
            if plugin.name != "age-calculator" or plugin.version != 1:
                self._platform.delete(plugin.name)
        if not self._platform.search({"limit": 100}).plugins:
            self._platform.create(CONFIG, None)
        for file in (self._desk.parent / "state").rglob("*"):
            if file.is_file() and "token" in str(file):
                file.unlink()
        return self._biot_plugin(*command, "-e", "local")


@pytest.mark.parametrize("step", exhaustive_after(1, [25, 5]))
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_hostile_text_in_a_field_of_a_response(run: Run, command: tuple[str, ...], step: int) -> None:
    """Some fields alone, and many at once; tests/proof plays every field of every response."""
    play_fields(run, command, step=step)


def play_fields(run: Run, command: tuple[str, ...], *, step: int) -> None:
    """Run the command with hostile text in one field after the other, and in many at once."""
    first = run(*command)
    assert first.code in {0, 2, 8, 10}, first.err
    answers = {
        (exchange.method, shape(exchange.path), place)
        for exchange in run.proxy.exchanges
        for place in places(as_json(exchange.body))
        if place and matters(command[0], exchange, place)
    }
    assert len(answers) > 3, first.err

    for method, path, place in sorted(answers, key=str)[::step]:

        def alter(
            exchange: Exchange, method: str = method, path: str = path, place: tuple[str | int, ...] = place
        ) -> Exchange:
            document = as_json(exchange.body)
            if (exchange.method, shape(exchange.path)) != (method, path) or document is None:
                return exchange
            return replace(exchange, body=json.dumps(poisoned(document, place)).encode())

        run.proxy.alter = alter
        assert_harmless(run(*command), (method, path, place))
    run.proxy.alter = everywhere
    assert_harmless(run(*command), "as text")
    assert_harmless(run(*command, "--json"), "as JSON")
    run.proxy.alter = as_it_is


@pytest.mark.parametrize("status", exhaustive_except(ERRORS, {401, 409, 500}.__contains__))
def test_hostile_errors_and_headers(run: Run, status: int) -> None:
    error = {
        "code": "PLUGIN_EXISTS_BY_NAME",
        "message": HOSTILE,
        "serviceName": HOSTILE,
        "traceId": HOSTILE,
        "environment": HOSTILE,
        "details": {HOSTILE: HOSTILE, "list": [HOSTILE], "pluginName": HOSTILE},
    }
    line = HOSTILE.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
    headers = (("location", line), ("retry-after", "0"), ("www-authenticate", line), ("x-trace", line))
    for document in (error, error | {"code": HOSTILE}, {"message": HOSTILE}, HOSTILE):

        def alter(exchange: Exchange, document: object = document) -> Exchange:
            if exchange.path.startswith("/ums") and status != 401:
                return exchange
            body = json.dumps(document).encode()
            return replace(exchange, status=status, reason=line, headers=headers, body=body)

        run.proxy.alter = alter
        for command in (("show",), ("publish", "--artifact", "dist/age-calculator-1.zip"), ("doctor",), ("catalog",)):
            assert_harmless(run(*command), (status, document, command))
    run.proxy.alter = as_it_is
