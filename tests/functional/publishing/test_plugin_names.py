"""Which plugin a name means, for servers with and without ``Plugin-`` in paths and responses."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from typing import TYPE_CHECKING

import pytest

from builder.network.secret_text import SecretText
from builder.publishing.api.calls import ApiCalls
from builder.publishing.api.client import BiotClient
from builder.publishing.api.http_transport import HttpTransport
from builder.publishing.api.plugin_identity import certain_name
from builder.publishing.api_values import TargetEnvironment
from tests.support.biot.virtual_time import VirtualClock
from tests.support.repetitions import exhaustive_except

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.publishing.conftest import CommandLine

CONFIG = {"displayName": "A", "version": 1, "runtime": "python3.12"}


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a server spells names.

    Attributes:
        full_paths: Whether paths may have the full name.
        bare_paths: Whether they may have the own name.
        full_answers: Whether answers have the full name.
        links: Whether the link to AWS names the function.
    """

    full_paths: bool
    bare_paths: bool
    full_answers: bool
    links: bool


# Own names alone in paths and no link: an answer named Plugin-vic could be about either, and nothing tells.
HABITS = [
    Habits(full_paths=full, bare_paths=bare, full_answers=answers, links=links)
    for full, bare, answers, links in product((True, False), repeat=4)
    if (full or bare) and (full or links)
]


class Token:
    """One token for ever."""

    def bearer(self) -> SecretText:
        return SecretText("token")

    def renew(self, refused: SecretText) -> SecretText:
        return refused


@contextmanager
def served(names: set[str], habits: Habits) -> Iterator[BiotClient]:
    """A server that has plugins of these own names."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _own(self) -> str | None:
            requested_name = self.path.rpartition("/")[2]
            candidates = [name for name in names if habits.full_paths and f"Plugin-{name}" == requested_name]
            candidates += [name for name in names if habits.bare_paths and name == requested_name]
            return candidates[0] if candidates else None

        def _say(self, status: int, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            own = self._own()
            if own is None:
                self._say(404, {"code": "PLUGIN_NOT_FOUND", "message": "", "details": {}})
                return
            plugin = {**CONFIG, "name": f"Plugin-{own}" if habits.full_answers else own}
            plugin |= {"endpointUrl": f"https://{own.lower()}.example.com", "creationTime": own}
            link = "https://console.aws.amazon.com/lambda/home"
            self._say(200, plugin | {"linkToConsole": f"{link}#/functions/Plugin-{own}" if habits.links else link})

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        target = TargetEnvironment(name="test", base_url=f"http://127.0.0.1:{server.server_port}")
        with BiotClient(ApiCalls(HttpTransport(target, {}), VirtualClock()), Token()) as client:
            yield client
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("habits", exhaustive_except(HABITS, [HABITS[0], HABITS[4], HABITS[-1]].__contains__), ids=str)
def test_a_name_means_one_plugin_and_no_other(habits: Habits) -> None:
    everybody = ("vic", "Plugin-vic", "Plugin-Plugin-vic")
    for chosen in product((True, False), repeat=3):
        names = {name for name, there in zip(everybody, chosen, strict=True) if there}
        with served(names, habits) as client:
            for name in everybody:
                plugin = client.read(name)
                identity = None if plugin is None else (plugin.name, plugin.full_name, plugin.creation_time)
                assert identity == ((name, f"Plugin-{name}", name) if name in names else None), (names, name)


@pytest.mark.parametrize(
    ("answered", "link", "own"),
    [
        ("vic", "", "vic"),
        ("Plugin-vic", "", None),
        ("Plugin-vic", "https://x/functions/Plugin-vic", "vic"),
        ("Plugin-vic", "https://x/functions/Plugin-vic?tab=code", "vic"),
        ("Plugin-vic", "https://x/functions/Plugin-Plugin-vic", "Plugin-vic"),
        ("Plugin-vic", "https://x/functions/Plugin-victor", None),
        ("Plugin-vic", "https://x/functions/My-Plugin-vic", None),
    ],
)
def test_the_link_to_the_function_identifies_the_plugin(answered: str, link: str, own: str | None) -> None:
    assert certain_name(answered, link) == own


@pytest.mark.parametrize(
    "command", [("delete", "--yes"), ("enable",), ("disable",), ("show",), ("endpoint",), ("open",), ("logs",)]
)
def test_no_command_confuses_two_plugins(
    biot_plugin: CommandLine, client: BiotClient, command: tuple[str, ...]
) -> None:
    client.create({**CONFIG, "name": "Plugin-vic"}, None)

    result = biot_plugin(command[0], "vic", *command[1:], "-e", "local", "--json")

    assert (result.code, result.document["kind"]) == (8, "not-found")
    assert client.read("Plugin-vic") is not None


def test_a_full_name_takes_precedence_over_an_own_name(biot_plugin: CommandLine, client: BiotClient) -> None:
    for name in ("vic", "Plugin-vic"):
        client.create({**CONFIG, "name": name}, None)

    for expected in ("Plugin-vic", "Plugin-Plugin-vic"):
        result = biot_plugin("delete", "Plugin-vic", "-e", "local", "--yes", "--json")
        assert result.document["deleted"]["fullName"] == expected
    assert biot_plugin("delete", "Plugin-vic", "-e", "local", "--yes").code == 8


def test_a_list_shows_own_names(biot_plugin: CommandLine, client: BiotClient) -> None:
    for name in ("vic", "Plugin-vic"):
        client.create({**CONFIG, "name": name}, None)

    plugins = biot_plugin("list", "-e", "local", "--json").document["plugins"]

    assert {plugin["name"]: plugin["fullName"] for plugin in plugins} == {
        "vic": "Plugin-vic",
        "Plugin-vic": "Plugin-Plugin-vic",
    }
