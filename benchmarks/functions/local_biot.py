"""The local BioT with 100 plugins: how soon it serves, how soon a hook has answered, and its memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.functions.bars import Bar, bar_for, milliseconds, percentile, scale
from builder.publishing.state_folder import find_state_folder, read_local_biot
from tests.support.sandbox.settings_client import MINIMAL, Settings, http_client, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx

PLUGINS = 100
STARTS = 7
START_BAR, HOOK_BAR = 0.5, 0.8
MEMORY_BAR = 90
IDLE_SECONDS = 1.0
_PATIENTS = "/organization/v1/users/patients"
_REFUSAL = 418
"""The hook's answer, which no API gives: it shows that the hook was called."""
_CODE = zipped({"index.py": f'def handler(event, context): return {{"statusCode": {_REFUSAL}}}\n'})


@dataclass(frozen=True, kw_only=True)
class Start:
    """One start of ``biot-plugin sandbox``: seconds until it serves and until a hook has answered, and megabytes."""

    serves: float
    answered: float
    idle_megabytes: float


def hundred_plugins(scratch: Path, variables: Mapping[str, str]) -> list[Bar]:
    """Start it some times with the plugins of the first time, and call a hook after each start."""
    environment = {**os.environ, **variables, "BIOT_PLUGIN_STATE": str(scratch / "hundred-state")}
    with started_biot(environment) as (_, address):
        token = token_of(environment, address)
        with http_client(address, token) as client:
            _create_plugins(client)
            _call(client)  # installs the runtime client and unpacks the code
    starts = [_start(environment, token) for _ in range(STARTS)]
    factor = scale()
    start = percentile([one.serves for one in starts], 50)
    hook = percentile([one.answered for one in starts], 50)
    memory = max(one.idle_megabytes for one in starts)
    what = f"local BioT with {PLUGINS} plugins"
    return [
        Bar(
            what=f"{what}: start ({STARTS} starts)",
            bar=bar_for(START_BAR, factor),
            figure=f"median {milliseconds(start)}",
            met=start <= START_BAR * factor,
        ),
        Bar(
            what=f"{what}: from the start to the answer of the first call with a hook",
            bar=bar_for(HOOK_BAR, factor),
            figure=f"median {milliseconds(hook)}",
            met=hook <= HOOK_BAR * factor,
        ),
        Bar(
            what=f"{what}: idle memory",
            bar=f"≤ {MEMORY_BAR} MB",
            figure=f"at most {memory:.0f} MB",
            met=memory <= MEMORY_BAR,
        ),
    ]


def _start(environment: Mapping[str, str], token: str) -> Start:
    begin = time.perf_counter()
    with started_biot(environment) as (process, address), http_client(address, token) as client:
        serves = time.perf_counter() - begin
        _call(client)
        answered = time.perf_counter() - begin
    with started_biot(environment) as (process, _):
        time.sleep(IDLE_SECONDS)
        idle = int(Path(f"/proc/{process.pid}/statm").read_text("ascii").split()[1]) * 4096 / 1e6
    return Start(serves=serves, answered=answered, idle_megabytes=idle)


@contextmanager
def started_biot(environment: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``biot-plugin sandbox`` as a user starts it, and its address."""
    argv = [sys.executable, "-m", "builder", "sandbox", "--port", "0", "--json", "--any-python"]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = ""
        while not text.endswith("\n}\n"):
            line = process.stdout.readline()
            assert line, f"the local BioT did not start: {text}"
            text += line
        try:
            yield process, str(json.loads(text)["baseUrl"])
        finally:
            process.send_signal(signal.SIGTERM)


def token_of(environment: Mapping[str, str], address: str) -> str:
    """A token of the service user; it stays valid when the local BioT starts again."""
    local = read_local_biot(find_state_folder(environment))
    assert local is not None
    body = {"id": local.service_user_id, "secretKey": local.service_user_secret_key.reveal()}
    with http_client(address) as client:
        return str(client.post("/ums/v2/services/accessToken", json=body).raise_for_status().json()["accessToken"])


def _create_plugins(client: httpx.Client) -> None:
    """Plugins with notifications about devices; the first one intercepts every search for patients."""
    settings = Settings(client)
    for number in range(PLUGINS):
        notifications = [{"entityTypeName": "device", "actionName": "_update"}]
        interceptions = [{"type": "PRE_REQUEST", "apiId": f"GET{_PATIENTS}"}] if number == 0 else []
        config = {
            **MINIMAL,
            "name": f"plugin-{number}",
            "enabledState": "ENABLED",
            "subscriptions": {"notifications": notifications, "interceptions": interceptions, "interceptionOrder": 5},
        }
        settings.create(config, _CODE).raise_for_status()


def _call(client: httpx.Client) -> None:
    """Search for patients, which the hook refuses."""
    answer = client.get(_PATIENTS)
    assert answer.status_code == _REFUSAL, answer.text
