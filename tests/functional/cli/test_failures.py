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

from builder.cli.app import refused_by_the_machine, run
from tests.functional.cli.conftest import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.cli.conftest import Call

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
def test_a_wrong_command_line_is_one_document_too(
    arguments: tuple[str, ...], biot_plugin: Call, tmp_path: Path
) -> None:
    done = biot_plugin(*arguments, cwd=tmp_path)
    document = json.loads(done.stdout)

    assert done.returncode == document["exitCode"] == 2
    assert document["kind"] == "usage"
    assert document.keys() == KEYS
    assert "--help" in document["hint"]
    assert done.stderr == ""


def test_an_interrupt_is_one_document_too(
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


def test_what_the_machine_refuses_is_no_bug(
    plugin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/srv/src/index.py")

    monkeypatch.setattr("builder.pipeline.check", refused)
    code = run(["check", "-p", str(plugin)])
    told = capsys.readouterr().err

    assert code == 4
    assert told.startswith("error: /srv/src/index.py cannot be read or written: Permission denied.\n")
    assert "Traceback" not in told


def test_other_errors_of_the_system_stay_bugs() -> None:
    assert refused_by_the_machine(FileNotFoundError(errno.ENOENT, "No such file or directory")) is None
    assert refused_by_the_machine(ValueError("disk")) is None


def test_a_lock_that_cannot_be_written_is_said_and_leaves_nothing(biot_plugin: Call, plugin: Path) -> None:
    (plugin / "pyproject.toml").write_text("[project]\ndependencies = []\n", "utf-8")
    (plugin / "requirements.lock").mkdir()
    done = biot_plugin("lock", cwd=plugin)

    assert done.returncode == 5
    assert "requirements.lock cannot be written" in done.stderr
    assert not list(plugin.glob(".*"))


def test_a_file_of_dependencies_that_cannot_be_read_is_named(biot_plugin: Call, plugin: Path) -> None:
    with (plugin / "plugin.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('[build]\nrequirements = "requirements.txt"\n')
    (plugin / "requirements.txt").mkdir()
    done = biot_plugin("package", cwd=plugin)

    assert done.returncode in {3, 5}
    assert "requirements.txt" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("variable", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_errors_are_coloured_on_a_terminal_unless_the_user_objects(
    variable: dict[str, str], tmp_path: Path, *, coloured: bool
) -> None:
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    subprocess.run(
        [sys.executable, "-m", "builder", "check"],
        cwd=tmp_path,
        env={**environment, **variable, "PYTHONPATH": str(REPOSITORY)},
        stderr=theirs,
        check=False,
    )
    os.close(theirs)
    told = os.read(ours, 4096).decode()
    os.close(ours)

    assert "There is no plugin.toml" in told
    assert ("\x1b[" in told) is coloured
