"""A plugin on disk and the command line: in this process, and as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.cli.app import run

REPOSITORY = Path(__file__).parents[3]

Call = Callable[..., "subprocess.CompletedProcess[str]"]

MANIFEST = """\
[plugin]
name = "age-calculator"
displayName = "Age Calculator"
version = 3
runtime = "python3.13"
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A Python plugin without dependencies."""
    folder = tmp_path / "plugin"
    (folder / "src" / "deep" / "er").mkdir(parents=True)
    (folder / "plugin.toml").write_text(MANIFEST, "utf-8")
    (folder / "src" / "index.py").write_text("def handler(event, context):\n    return None\n", "utf-8")
    return folder


@pytest.fixture
def project(biot_plugin: Call, plugin: Path) -> tuple[Call, Path]:
    """The command line and a plugin to use it on."""
    return biot_plugin, plugin


@pytest.fixture
def biot_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run ``biot-plugin`` in a folder, in this process, and give what it printed and its exit code."""

    def call(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patch:
            patch.chdir(cwd)
            patch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "store"))
            capsys.readouterr()
            code = run(arguments)
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, printed.out, printed.err)

    return call


@pytest.fixture
def biot_plugin_process(tmp_path: Path) -> Call:
    """Run ``biot-plugin`` as a process, for tests of what only a process has: imports, encodings, a closed output."""

    def call(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        variables = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "BIOT_PLUGIN_STORE": str(tmp_path / "store"),
            **environment,
        }
        argv = [sys.executable, "-m", "builder", *arguments]
        return subprocess.run(
            argv, cwd=cwd, env=variables, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120
        )

    return call
