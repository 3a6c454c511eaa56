"""The second half of the README's story is true: every command line of it is run, one after the other, as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.started import started_sandbox
from tests.templates.conftest import REPOSITORY, commit_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

HEADING = "## Publish"
CHANGES_WAIT = 10
"""What `biot-plugin plan` ends with when there is something to publish."""


def lines_of(section: str) -> list[tuple[str, str]]:
    """The command lines of a section's ``sh`` blocks, each with the comment at its end."""
    blocks = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    found = [re.fullmatch(r"(.*?)(?:\s+# (.*))?", line) for block in blocks for line in block.splitlines()]
    return [(match[1], match[2] or "") for match in found if match]


def environment(folder: Path) -> dict[str, str]:
    """A shell that finds ``biot-plugin`` (the kit under test), and a state folder of its own."""
    programs = folder / "bin"
    programs.mkdir()
    script = f"#!/bin/sh\nPYTHONPATH='{REPOSITORY}' exec '{sys.executable}' -m builder \"$@\"\n"
    (programs / "biot-plugin").write_text(script, "utf-8")
    (programs / "biot-plugin").chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BIOT_")}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**inherited, "PATH": path, "BIOT_PLUGIN_STATE": str(folder / "state"), "NO_COLOR": "1"}


def run(line: str, cwd: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line],
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_story_of_publishing_can_be_followed_line_by_line(render: Callable[..., Path], tmp_path: Path) -> None:
    section = (REPOSITORY / "README.md").read_text("utf-8").partition(f"\n{HEADING}\n")[2].partition("\n## ")[0]
    (start, _), *lines = lines_of(section)
    assert start == "biot-plugin sandbox"
    assert len(lines) >= 8
    plugin = shutil.copytree(render(plugin_name="my-plugin"), tmp_path / "my-plugin")
    commit_all(plugin, "Start")
    environ = environment(tmp_path)

    # A port of its own: whoever runs the tests may have a local BioT.
    program = str(tmp_path / "bin" / "biot-plugin")
    with started_sandbox([program, *start.split()[1:], "--port", "0"], environ):
        for line, promise in lines:
            done = run(line, plugin, environ)
            wanted = CHANGES_WAIT if line.startswith("biot-plugin plan") else 0
            assert done.returncode == wanted, f"{line}\n{done.stdout}"
            for promised in re.findall(r"version \d+ → \d+|nothing to do", promise):
                assert promised in " ".join(done.stdout.lower().split()), f"{line} promises {promised}\n{done.stdout}"
