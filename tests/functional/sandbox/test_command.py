"""`biot-plugin sandbox` as a separate process: the first run, later runs, errors, and the end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.faults import load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[3]
SECONDS = 30


class Started:
    """A running `biot-plugin sandbox`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "BIOT_PLUGIN_STATE": str(folder / "state")}
        argv = [sys.executable, "-m", "builder", "sandbox", *arguments]
        self.process = subprocess.Popen(
            argv, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.output = ""
        self.aside = ""

    def until(self, last: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if line.startswith(last):
                return self.output
        return self.output

    def url(self) -> str:
        return str(re.findall(r"http://127\.0\.0\.1:\d+", self.output)[0])

    def end(self, *signals: signal.Signals) -> int:
        for one in signals:
            self.process.send_signal(one)
        output, self.aside = self.process.communicate(timeout=SECONDS)
        self.output += output
        return self.process.returncode


@contextmanager
def started(folder: Path, *arguments: str, until: str = "Ctrl-C") -> Iterator[Started]:
    running = Started(folder, *arguments)
    try:
        running.until(until)
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.communicate()


def call(url: str, body: object = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data)  # noqa: S310 - http, ours
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def service_login(folder: Path) -> int:
    local = json.loads((folder / "state" / "local.json").read_text("utf-8"))
    body = {"id": local["serviceUserId"], "secretKey": local["serviceUserSecretKey"]}
    return call(f"{local['baseUrl']}/ums/v2/services/accessToken", body)[0]


def password_of(output: str) -> str:
    return str(re.findall(r"password +(\S{43}) ", output)[0])


def admin_login(url: str, password: str) -> int:
    return call(f"{url}/ums/v2/users/login", {"username": "admin@biot.local", "password": password})[0]


def test_the_first_run_prints_the_password_once_and_later_runs_keep_the_data(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0") as first:
        password = password_of(first.output)
        assert "New, in " in first.output
        assert admin_login(first.url(), password) == 200
        assert service_login(tmp_path) == 200
        assert first.end(signal.SIGINT) == 0
    key = (tmp_path / "state" / "local.json").read_text("utf-8")
    with started(tmp_path, "--port", "0") as second:
        assert "With the data of last time" in second.output
        assert admin_login(second.url(), password) == 200
        assert service_login(tmp_path) == 200
        assert second.end(signal.SIGINT) == 0

    assert password not in second.output + second.aside + first.aside
    again = json.loads((tmp_path / "state" / "local.json").read_text("utf-8"))
    assert again["serviceUserSecretKey"] == json.loads(key)["serviceUserSecretKey"]
    assert "Stopped. The next start" in second.aside


def test_secrets_are_only_in_files_that_only_their_owner_can_read(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0") as running:
        password = password_of(running.output)
        modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "state").rglob("*")}
        stored = b"".join(file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file())
        running.end(signal.SIGTERM)

    assert password.encode() not in stored
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}
    assert modes["local.json"] == 0o600


def test_json_output_has_the_address_and_no_secret(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", "--json", until="}") as running:
        document = json.loads(running.output)
        local = json.loads((tmp_path / "state" / "local.json").read_text("utf-8"))
        assert running.end(signal.SIGTERM) == 0

    assert (document["status"], document["environment"], document["new"]) == ("running", "local", True)
    assert document["baseUrl"] == local["baseUrl"]
    assert local["serviceUserSecretKey"] not in running.output + running.aside
    assert "password" not in running.output.lower().replace("adminusername", "")


def test_lost_credentials_are_replaced(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0") as first:
        lost = password_of(first.output)
        first.end(signal.SIGINT)
    (tmp_path / "state" / "local.json").write_text("not JSON", "utf-8")
    with started(tmp_path, "--port", "0", "--new-password", "--rotate-key") as second:
        assert service_login(tmp_path) == 200
        assert admin_login(second.url(), password_of(second.output)) == 200
        assert admin_login(second.url(), lost) == 403
        assert call(f"{second.url()}/ums/v1/security/public-key")[1]["previousPublicKey"]


@pytest.mark.exhaustive
def test_fresh_starts_with_an_empty_biot(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", "--data", "here") as first:
        password = password_of(first.output)
        first.end(signal.SIGINT)
    (tmp_path / "here" / "mine.txt").write_text("stays", "utf-8")
    with started(tmp_path, "--port", "0", "--data", "here", "--fresh") as second:
        assert "New, in " in second.output
        assert admin_login(second.url(), password) == 403
        assert service_login(tmp_path) == 200
    assert (tmp_path / "here" / "mine.txt").read_text("utf-8") == "stays"


def test_a_second_process_is_refused_and_a_port_in_use_is_reported(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0") as first, socket.create_server(("127.0.0.1", 0)) as other:
        second = Started(tmp_path, "--port", "0")
        third = Started(tmp_path, "--port", str(other.getsockname()[1]), "--data", "elsewhere", "--json")
        assert (second.end(), third.end()) == (9, 9)
        assert call(f"{first.url()}/ums/v1/security/public-key")[0] == 200

    assert "Another local BioT is already running in" in second.aside
    assert "--data FOLDER" in second.aside
    document = json.loads(third.output)
    assert (document["kind"], "another program is using it" in document["message"]) == ("sandbox", True)
    assert "--port 0" in document["hint"]


def test_after_a_kill_it_starts_again_with_all_data(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0") as first:
        password = password_of(first.output)
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
    with started(tmp_path, "--port", "0") as second:
        assert admin_login(second.url(), password) == 200


def test_several_signals_stop_it_once_without_further_output(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0") as running:
        call(f"{running.url()}/nowhere")
        assert running.end(signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGINT) == 0

    assert running.aside == "Stopped. The next start has the same data.\n"


@pytest.mark.exhaustive
def test_verbose_logs_requests_without_their_secrets(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", "--verbose") as running:
        call(f"{running.url()}/ums/v1/security/public-key?token=canary-1")
        call(f"{running.url()}/ums/v2/users/login", {"username": "canary-2", "password": "canary-3"})
        call(f"{running.url()}/a%0ab%1b[31m")
        running.end(signal.SIGINT)

    lines = running.aside.splitlines()
    assert re.fullmatch(r"GET /ums/v1/security/public-key 200 \d+ ms", lines[0])
    assert re.fullmatch(r"POST /ums/v2/users/login 403 \d+ ms", lines[1])
    assert lines[2].startswith("GET /a%0ab%1b[31m 404")
    assert "canary" not in running.output + running.aside


def test_an_invalid_scenario_is_reported_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('[[fault]]\nkind = "no-such-kind"\n', "utf-8")
    running = Started(tmp_path, "--port", "0", "--faults", "bad.toml")

    assert running.end() == 9
    assert "bad.toml:2" in running.aside
    assert not (tmp_path / "state").exists()


@pytest.mark.exhaustive
def test_the_scenario_in_the_help_works_and_fault_kinds_are_listed(tmp_path: Path) -> None:
    shown, listed = Started(tmp_path, "--help"), Started(tmp_path, "--fault-kinds", "--json")
    assert (shown.end(), listed.end()) == (0, 0)
    lines = [line.strip() for line in shown.output.splitlines()]
    example = lines[lines.index("[[fault]]") :][:6]
    scenario = tmp_path / "bad.toml"
    scenario.write_text("\n".join(example), "utf-8")
    kinds = {row["kind"] for row in json.loads(listed.output)["kinds"]}

    assert example[-1].startswith("times")
    assert len(kinds) >= 40
    assert load_scenario(scenario).rules[0].kind.name in kinds


@pytest.mark.parametrize("arguments", [("--json", "--new-password"), ("--port", "70000"), ("--data", "plugin.toml")])
def test_invalid_command_lines_are_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "plugin.toml").write_text("", "utf-8")
    running = Started(tmp_path, *arguments)

    assert running.end() == 2


def test_missing_first_accounts_are_reported_and_fresh_creates_them(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0") as running:
        assert running.end(signal.SIGINT) == 0
    with closing(sqlite3.connect(tmp_path / "state" / "sandbox" / "biot.sqlite")) as database:
        database.execute("DELETE FROM ums_user")
        database.commit()

    with started(tmp_path, "--port", "0") as damaged:
        assert damaged.end() == 9
        assert "--fresh" in damaged.aside
        assert "Traceback" not in damaged.aside
    with started(tmp_path, "--port", "0", "--fresh") as anew:
        assert anew.end(signal.SIGINT) == 0


def test_a_state_folder_that_is_not_writable_is_reported(tmp_path: Path) -> None:
    (tmp_path / "state" / "local.json").mkdir(parents=True)

    with started(tmp_path, "--port", "0") as refused:
        assert refused.end() == 9
        assert "local.json cannot be written" in refused.aside
