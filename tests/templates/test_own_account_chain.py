"""A plugin on one's own account and a local BioT: publish, doctor and trigger, in both languages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from builder.network.secret_text import SecretText
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.templates.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMMANDS = {"python": [sys.executable, "-m", "server"], "javascript": ["node", "server/main.js"]}


@pytest.fixture(scope="module")
def biot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("biot")) as running:
        yield running


def serve(folder: Path, language: str, biot: Sandbox) -> tuple[subprocess.Popen[bytes], int]:
    environment = {**os.environ, "PYTHONPATH": "src", "BIOT_BASE_URL": biot.base_url, "SERVER_PORT": "0"}
    environment |= {"SERVER_DRAIN": "0", "LOG_LEVEL": "INFO"}
    log = folder.parent / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(COMMANDS[language], cwd=folder, env=environment, stdout=output)
    while b"\n" not in log.read_bytes():
        assert process.poll() is None
        time.sleep(0.02)
    return process, int(json.loads(log.read_bytes().splitlines()[0])["message"].rpartition(":")[2])


def biot_plugin(folder: Path, state: Path, *words: str) -> tuple[int, dict[str, Any]]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "BIOT_PLUGIN_STATE": str(state)}
    command = [sys.executable, "-m", "builder", *words, "-e", "local", "--json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


@pytest.mark.parametrize("language", COMMANDS)
def test_a_plugin_on_ones_own_account_is_called_like_any_other(
    language: str, render: Callable[..., Path], biot: Sandbox, tmp_path: Path
) -> None:
    folder = shutil.copytree(render(language=language, hosting="own"), tmp_path / "my-plugin")
    if language == "javascript":
        npm = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(npm, cwd=folder, check=True, capture_output=True)
    state = tmp_path / "state"
    user, secret = biot.service_user.id, SecretText(biot.service_user.secret_key)
    local = LocalBiot(base_url=biot.base_url, service_user_id=user, service_user_secret_key=secret)
    write_local_biot(StateFolder(folder=state), local)
    process, port = serve(folder, language, biot)
    try:
        manifest = folder / "plugin.toml"
        text = manifest.read_text("utf-8").replace("http://127.0.0.1:8080/", f"http://127.0.0.1:{port}/")
        manifest.write_text(text, "utf-8")

        assert biot_plugin(folder, state, "publish")[1]["verdict"] == "done"
        code, doctor = biot_plugin(folder, state, "doctor")
        chain = biot.call(
            "POST",
            "/sandbox/v1/trigger",
            token=biot.token(),
            body={"entityTypeName": "patient", "actionName": "_create"},
        ).body
        manifest.write_text(text.partition("[plugin.subscriptions]")[0] + text[text.index("[build]") :], "utf-8")
        ended = biot_plugin(folder, state, "publish")[1]
    finally:
        process.terminate()
        assert process.wait(30) == 0
    assert code == 0, doctor
    messages = [check["message"] for check in doctor["checks"] if check["name"] == "endpoint"]
    assert messages[1] == "It refuses a forged token, and has BioT's public key."
    statuses = [(step["name"], step["response"]["status"]) for step in chain["steps"]]
    hooks = {name for name, status in statuses if status == 200}
    assert {"PRE_REQUEST", "POST_REQUEST", "NOTIFICATION"} <= hooks, statuses
    assert {change["sign"] for change in ended["changes"]} == {"-"}
