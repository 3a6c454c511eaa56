"""Without a Docker engine: `tox -e images` builds with a real one."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import PackagingError
from builder.image.dockerfile.engine_connection import build_failure, open_engine

REPOSITORY = Path(__file__).parents[4]


def test_an_engine_that_does_not_answer_is_an_error_with_a_way_out() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        environ = {"DOCKER_HOST": f"tcp://127.0.0.1:{unused.getsockname()[1]}"}

    with pytest.raises(PackagingError, match="The Docker engine does not answer") as caught, open_engine(environ):
        pass

    assert "Start Docker, or set DOCKER_HOST" in caught.value.hint


def test_without_the_library_the_error_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "docker.py").write_text("raise ImportError('not installed')\n")
    script = (
        "from builder.errors import PackagingError\n"
        "from builder.image.dockerfile.engine_connection import open_engine\n"
        "try:\n    open_engine({}).__enter__()\nexcept PackagingError as error:\n    print(error.message, error.hint)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}"}

    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)

    assert "docker library, which is not installed" in run.stdout, run.stderr
    assert "biot-plugin-kit[image]" in run.stdout


def test_a_failed_build_shows_its_last_lines_without_control_characters() -> None:
    error = build_failure("Dockerfile", "exit code 1", [f"line {number}\x1b[31m" for number in range(50)])

    shown = error.message.splitlines()
    assert shown[0] == "The build of Dockerfile failed: exit code 1"
    assert (len(shown), shown[-1].startswith("  line 49")) == (21, True)
    assert not re.search(r"\x1b", error.message)
