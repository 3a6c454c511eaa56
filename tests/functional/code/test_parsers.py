"""The parsers are found wherever pip installed them, and their failures are errors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import msgspec
import pytest

from builder.code.parsers import run_parser
from builder.errors import PackagingError

PROGRAM = "ruff"
FILE = PROGRAM + (".exe" if os.name == "nt" else "")
FIND = f"from builder.code.parsers import _program; print(_program({PROGRAM!r}))"


def test_a_program_in_a_target_folder_is_found(tmp_path: Path) -> None:
    """``pip install --target`` puts programs into ``bin`` beside the packages; RECORD still lists another path."""
    installed = metadata.distribution(PROGRAM)
    info = Path(str(installed.locate_file(f"{PROGRAM}-{installed.version}.dist-info")))
    shutil.copytree(info, tmp_path / info.name)
    shutil.copytree(Path(msgspec.__file__).parent, tmp_path / "msgspec")  # the kit's code needs it
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / FILE).write_bytes(b"")
    empty = tmp_path / "empty-venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(empty)], check=True)
    [python] = [*empty.glob("bin/python"), *empty.glob("Scripts/python.exe")]
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])

    done = subprocess.run(
        [str(python), "-c", FIND], env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )

    assert (done.stdout.strip(), done.stderr) == (str(tmp_path / "bin" / FILE), "")


def test_a_program_of_this_environment_is_found() -> None:
    done = subprocess.run([sys.executable, "-c", FIND], capture_output=True, text=True, check=True)

    assert Path(done.stdout.strip()).name == FILE


def test_a_program_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="The program no-such-parser is not installed") as caught:
        run_parser("no-such-parser", [], tmp_path)
    assert "Reinstall the kit" in caught.value.hint


def test_a_program_that_fails_is_an_error_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=r"ruff could not parse the plugin's code: .*--no-such-option"):
        run_parser(PROGRAM, ["check", "--no-such-option"], tmp_path)
