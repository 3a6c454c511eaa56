"""Kill a local BioT while it creates, updates and deletes plugins, and check its data afterwards."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.sandbox.sandbox_process import contradictions, sandbox_process, versions
from tests.support.sandbox.settings_client import MINIMAL, PATIENTS, PLUGINS, Settings, http_client, zipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NOISE = random.Random(1).randbytes(500_000).hex()  # noqa: S311  # takes a while to send
CODES = [zipped({"index.py": f"# {number}\n", "noise": _NOISE}) for number in range(2)]
CONFIG = {
    **MINIMAL,
    "subscriptions": {"interceptionOrder": 9, "interceptions": [{"type": "PRE_REQUEST", "apiId": PATIENTS}]},
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A request, and the versions that the plugin may have afterwards (0: there is no plugin).

    Attributes:
        name: The HTTP method.
        before: The version before the request.
        after: The version after the request.
        send: Sends the request.
    """

    name: str
    before: int
    after: int
    send: Callable[[Settings], httpx.Response]


OPERATIONS = (
    Operation(name="POST", before=0, after=1, send=lambda settings: settings.create(CONFIG, CODES[0])),
    Operation(name="PATCH", before=1, after=2, send=lambda settings: settings.patch({"version": 2}, CODES[1])),
    Operation(name="DELETE", before=1, after=0, send=lambda settings: settings.http.delete(f"{PLUGINS}/age")),
)


@dataclass(frozen=True, kw_only=True)
class Killed:
    """The result of a kill.

    Attributes:
        operation: The operation in progress.
        answered: Whether the client received the response.
        version: The version of the plugin afterwards; 0 if there is none.
        wrong: Contradictions in the data.
    """

    operation: Operation
    answered: bool
    version: int
    wrong: list[str]

    @property
    def is_right(self) -> bool:
        """Whether the plugin is the old or the new one, complete, and the new one if the client had the response."""
        allowed = {self.operation.after} if self.answered else {self.operation.before, self.operation.after}
        return self.version in allowed and not self.wrong


def kill_often(folder: Path, kills: int) -> list[Killed]:
    """Kill it several times, at moments spread over each operation from its start until a little after its end."""
    with running_sandbox(folder) as sandbox:
        token = sandbox.token()
        durations = {operation.name: _duration(sandbox.base_url, token, operation) for operation in OPERATIONS}
    rounds = -(-kills // len(OPERATIONS))
    killed = [
        _kill(folder, token, operation, durations[operation.name] * 1.3 * turn / rounds)
        for turn in range(rounds)
        for operation in OPERATIONS
    ]
    _assert_swept(folder)
    return killed


def _settings(url: str, token: str) -> Settings:
    return Settings(http_client(url, token))


def _prepare(settings: Settings, operation: Operation) -> None:
    settings.http.delete(f"{PLUGINS}/age")
    if operation.before:
        assert settings.create(CONFIG, CODES[0]).status_code == 201


def _duration(url: str, token: str, operation: Operation) -> float:
    settings = _settings(url, token)
    with settings.http:
        _prepare(settings, operation)
        begin = time.monotonic()
        assert operation.send(settings).is_success
        return time.monotonic() - begin


def _kill(folder: Path, token: str, operation: Operation, delay: float) -> Killed:
    answers: list[httpx.Response] = []

    def send(settings: Settings) -> None:
        try:
            answers.append(operation.send(settings))
        except httpx.HTTPError:
            return  # the server was killed before it answered

    with sandbox_process(folder) as (url, process):
        settings = _settings(url, token)
        with settings.http:
            _prepare(settings, operation)
            sender = threading.Thread(target=send, args=(settings,))
            sender.start()
            time.sleep(delay)
            process.kill()
            sender.join()
    version = versions(folder).get("age", 0)
    return Killed(operation=operation, answered=bool(answers), version=version, wrong=contradictions(folder))


def _assert_swept(folder: Path) -> None:
    """Check that a start deletes uploads that belong to no plugin."""
    with sandbox_process(folder):
        assert len(list(folder.glob("*.code/*"))) == len(versions(folder))
