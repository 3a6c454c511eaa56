"""What a command says when the command line, the machine or the user ends it."""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from builder.cli.app import machine_error, run
from tests.functional.cli.conftest import REPOSITORY
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.cli.conftest import Call

IMPORTS_THE_REAL_CLICK = """
import sys
sys.path = [folder for folder in sys.path if folder != __file__.rpartition("/")[0]]
del sys.modules["click"]
import click
"""
KEYS = {"status", "kind", "exitCode", "message", "hint", "problems"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate", "--json"),
        ("check", "--json", "--nonsense"),
        ("inspect", "--json", "missing.zip"),
        ("new", "--json"),
        ("completion", "bash", "--json"),
    ],
    ids=" ".join,
)
def test_a_usage_error_is_one_json_document(arguments: tuple[str, ...], biot_plugin: Call, tmp_path: Path) -> None:
    done = biot_plugin(*arguments, cwd=tmp_path)
    document = json.loads(done.stdout)

    assert done.returncode == document["exitCode"] == 2
    assert document["kind"] == "usage"
    assert document.keys() == KEYS
    assert "--help" in document["hint"]
    assert done.stderr == ""


def test_an_interrupt_is_one_json_document(
    plugin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("builder.pipeline.check", interrupted)
    code = run(["check", "--json", "-p", str(plugin)])
    document = json.loads(capsys.readouterr().out)

    assert code == document["exitCode"] == 130
    assert document["kind"] == "interrupted"
    assert document.keys() == KEYS


def test_a_permission_error_is_not_a_bug(
    plugin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/srv/src/index.py")

    monkeypatch.setattr("builder.pipeline.check", refused)
    code = run(["check", "-p", str(plugin)])
    stderr = capsys.readouterr().err

    assert code == 4
    assert stderr.startswith("error: Cannot read or write /srv/src/index.py: Permission denied. [project]\n")
    assert "Traceback" not in stderr


def test_other_system_errors_are_bugs() -> None:
    assert machine_error(FileNotFoundError(errno.ENOENT, "No such file or directory")) is None
    assert machine_error(ValueError("disk")) is None


def test_a_lock_that_cannot_be_written_is_an_error_and_leaves_no_files(biot_plugin: Call, plugin: Path) -> None:
    (plugin / "pyproject.toml").write_text("[project]\ndependencies = []\n", "utf-8")
    (plugin / "requirements.lock").mkdir()
    done = biot_plugin("lock", cwd=plugin)

    assert done.returncode == 5
    assert "requirements.lock cannot be written" in done.stderr
    assert not list(plugin.glob(".*"))


def test_an_unreadable_requirements_file_is_named(biot_plugin: Call, plugin: Path) -> None:
    with (plugin / "plugin.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('[build]\nrequirements = "requirements.txt"\n')
    (plugin / "requirements.txt").mkdir()
    done = biot_plugin("package", cwd=plugin)

    assert done.returncode in {3, 5}
    assert "requirements.txt" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("variable", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_errors_are_coloured_on_a_terminal_unless_no_color_is_set(
    variable: dict[str, str], tmp_path: Path, *, coloured: bool
) -> None:
    terminal, stderr = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    subprocess.run(
        [sys.executable, "-m", "builder", "check"],
        cwd=tmp_path,
        env={**environment, **variable, "PYTHONPATH": str(REPOSITORY)},
        stderr=stderr,
        check=False,
    )
    os.close(stderr)
    output = os.read(terminal, 4096).decode()
    os.close(terminal)

    assert "No plugin.toml found" in output
    assert ("\x1b[" in output) is coloured


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-8:strict"])
def test_unencodable_characters_are_escaped_and_json_stays_valid(encoding: str, tmp_path: Path) -> None:
    folder = tmp_path / "\udcff\u2192"  # a name of a folder that is no text, and an arrow
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "builder", "check", "-p", str(folder)]

    text = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    document = subprocess.run([*command, "--json"], cwd=tmp_path, env=environment, capture_output=True, check=False)

    assert text.returncode == document.returncode == 4
    assert b"Traceback" not in text.stderr
    assert str(folder) in json.loads(document.stdout)["message"]


def test_an_interrupt_before_the_command_starts_is_reported_like_any_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = run(["check", "--json"], interrupted=True)

    assert code == json.loads(capsys.readouterr().out)["exitCode"] == 130


def test_an_interrupt_during_imports_prints_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n" + IMPORTS_THE_REAL_CLICK)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(REPOSITORY)])}

    done = subprocess.run(
        [sys.executable, "-m", "builder", "check", "--json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )

    assert done.returncode == json.loads(done.stdout)["exitCode"] == 130
    assert done.stderr == b""


@pytest.mark.parametrize(
    "redirection", [">&-", "<&-", ">&- 2>&-", ">/dev/full", ">/dev/full 2>&1", "2>/dev/full", "| true", "2>&1 | true"]
)
@pytest.mark.parametrize("command", exhaustive_after(2, ["check", "frobnicate --json", "check --json"]))
def test_a_failure_keeps_its_exit_code_when_its_output_cannot_be_written(
    command: str, redirection: str, tmp_path: Path
) -> None:
    script = f"{sys.executable} -m builder {command} {redirection}; exit ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=False)

    assert done.returncode == (2 if "frobnicate" in command else 4)
    assert b"Traceback" not in done.stderr
    assert b"ignored" not in done.stderr


def test_a_closed_pipe_does_not_change_the_exit_code(plugin: Path) -> None:
    script = f"{sys.executable} -m builder package --json | true; exit ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    (plugin / "plugin.toml").write_text("nonsense", "utf-8")
    done = subprocess.run(["bash", "-c", script], cwd=plugin, env=environment, capture_output=True, check=False)

    assert done.returncode == 3
    assert done.stderr == b""
