"""``login`` on a terminal, and ``doctor``."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.servers.raw_http import RawServer, failure, reply

if TYPE_CHECKING:
    from builder.publishing.api.client import BiotClient
    from tests.functional.publishing.conftest import CommandLine
    from tests.support.sandbox.running_sandbox import Sandbox

REPOSITORY = Path(__file__).parents[3]
PATIENCE_SECONDS = 30


def environment_table(plugin_folder: Path, url: str) -> None:
    with (plugin_folder / "plugin.toml").open("a") as stream:
        stream.write(f'[environments.dev]\nbaseUrl = "{url}"\n')


@pytest.fixture
def keyring_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "keyring.json"
    monkeypatch.setenv("TEST_KEYRING", str(file))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.support.machine.file_keyring.FileKeyring")
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    return file


def typed(answers: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Run ``biot-plugin`` on a terminal and type an answer at each prompt."""
    ours, theirs = os.openpty()
    argv = [sys.executable, "-m", "builder", *arguments]
    waiting = dict(answers)
    result = ""
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as child:
        os.close(theirs)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.05)[0]:
                try:
                    result += os.read(ours, 4096).decode()
                except OSError:
                    break
            elif child.poll() is not None:
                break
            for prompt in [prompt for prompt in waiting if prompt in result]:
                os.write(ours, waiting.pop(prompt).encode() + b"\n")
        code = child.wait(PATIENCE_SECONDS)
    os.close(ours)
    return code, result


def test_a_login_is_tested_stored_and_used_by_the_next_command(
    biot_plugin: CommandLine, plugin_folder: Path, sandbox: Sandbox, keyring_file: Path
) -> None:
    environment_table(plugin_folder, sandbox.base_url)

    answers = {"User name": sandbox.admin_username, "Password": sandbox.admin_password}
    code, result = typed(answers, "login", "-e", "dev")
    listed = subprocess.run(
        [sys.executable, "-m", "builder", "list", "-e", "dev"], capture_output=True, text=True, check=False
    )
    forgotten = subprocess.run([sys.executable, "-m", "builder", "login", "-e", "dev", "--forget"], check=False)

    assert code == 0, result
    assert sandbox.admin_password not in result
    assert listed.returncode == 0, listed.stderr
    assert forgotten.returncode == 0
    assert sandbox.admin_password not in keyring_file.read_text()
    assert not any((plugin_folder.parent / "state" / "tokens").iterdir())
    assert biot_plugin("login", "-e", "dev").code == 2


def test_a_refused_login_stores_nothing(plugin_folder: Path, sandbox: Sandbox, keyring_file: Path) -> None:
    environment_table(plugin_folder, sandbox.base_url)

    code, result = typed({"User name": "nobody@example.com", "Password": "canary-wrong"}, "login", "-e", "dev")

    assert code == 8
    assert "LOGIN_FAILED" in result
    assert "canary" not in result
    assert not keyring_file.exists()


def test_without_a_keyring_the_error_names_an_alternative(
    plugin_folder: Path, sandbox: Sandbox, keyring_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment_table(plugin_folder, sandbox.base_url)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")

    answers = {"Service user ID": sandbox.service_user.id, "Secret key": sandbox.service_user.secret_key}
    code, result = typed(answers, "login", "-e", "dev", "--service-user")

    assert code == 8
    assert "BIOT_SERVICE_USER_ID and" in result
    assert sandbox.service_user.secret_key not in result
    assert not keyring_file.exists()


def test_a_table_fits_the_terminal(plugin_folder: Path, client: BiotClient, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "a-name-of-fifty-seven-characters-that-nobody-would-give-it"[:57]
    client.create({"name": name, "displayName": "A", "version": 1, "runtime": "python3.12"}, None)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))

    code, result = typed({}, "list", "-e", "local")
    subscribed, _ = typed({}, "subscriptions", "-e", "local")

    assert (code, subscribed) == (0, 0)
    assert plugin_folder.exists()
    lines = result.replace("\r", "").splitlines()
    assert "…" in result
    assert max(len(line) for line in lines) <= 80


def test_delete_asks_for_the_name_again(
    plugin_folder: Path, client: BiotClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.create({"name": "age", "displayName": "A", "version": 1, "runtime": "python3.12"}, None)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    prompt = "name to delete it"

    wrong, result = typed({prompt: "agent"}, "delete", "age", "-e", "local")
    still_there = client.read("age") is not None
    right, _ = typed({prompt: "age"}, "delete", "Plugin-age", "-e", "local")

    assert plugin_folder.exists()
    assert (wrong, right) == (2, 0)
    assert "This permanently deletes Plugin-age, version 1," in result
    assert "its endpoint URL, service user" in result
    assert still_there
    assert client.read("age") is None


def test_the_local_biot_needs_no_login(biot_plugin: CommandLine) -> None:
    assert biot_plugin("login", "-e", "local", "--json").document["status"] == "nothing-to-do"


def test_doctor_finds_no_problem_with_the_local_biot(biot_plugin: CommandLine) -> None:
    result = biot_plugin("doctor", "-e", "local")
    checks = biot_plugin("doctor", "-e", "local", "--json").document["checks"]

    assert result.code == 0, result.out
    looked_at = ("uv", "pip", "git", "address", "release", "clock", "credentials", "access")
    assert {check["name"]: check["state"] for check in checks} == dict.fromkeys(looked_at, "ok")
    assert "Found a service user in the local BioT." in result.out


def test_doctor_reports_what_prevents_a_publish(biot_plugin: CommandLine, plugin_folder: Path) -> None:
    old = reply(200, {"biotVersion": "2.2.9"}, head="date: Fri, 20 Nov 2020 00:00:00 GMT\r\n")

    with RawServer(old, failure(403, "LOGIN_FAILED")) as server:
        environment_table(plugin_folder, server.url)
        os.environ["BIOT_SERVICE_USER_ID"] = "u"
        os.environ["BIOT_SERVICE_USER_SECRET_KEY"] = "canary-key"
        try:
            result = biot_plugin("doctor", "-e", "dev", "--json")
        finally:
            del os.environ["BIOT_SERVICE_USER_ID"], os.environ["BIOT_SERVICE_USER_SECRET_KEY"]

    checks = {check["name"]: check for check in result.document["checks"]}
    assert (result.code, result.document["kind"]) == (8, "release")
    assert checks["release"]["state"] == "problem"
    assert "ahead" in checks["clock"]["message"]
    assert checks["credentials"]["message"] == "Found a service user in environment variables."
    assert "LOGIN_FAILED" in checks["access"]["message"]
    assert "canary" not in result.out


def test_doctor_continues_after_a_problem(
    biot_plugin: CommandLine, plugin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment_table(plugin_folder, "http://127.0.0.1:9")
    monkeypatch.setenv("BIOT_TOKEN", "canary-token")
    monkeypatch.setenv("PATH", "/nowhere")

    result = biot_plugin("doctor", "-e", "dev")
    lost = biot_plugin("doctor", "-e", "prod")

    assert result.code == 8
    assert "git is not on the PATH" in result.out
    assert "cannot be reached" in result.out
    assert "Found a token in environment variables." in result.out
    assert "canary" not in result.out
    assert (lost.code, "plugin.toml" in lost.out) == (8, True)
    assert biot_plugin("doctor").code == 8
