"""The section "Publish" of the README works: every command line in it runs, in order, exactly as written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from builder.publishing.state_folder import StateFolder
from tests.support.sandbox.pushed_bases import push_base_to_local
from tests.support.sandbox.sandbox_command import started_sandbox
from tests.templates.conftest import REPOSITORY, commit_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

HEADING = "## Publish"
IMAGE_HEADING = "### As a container image"
CHANGES_WAIT = 10
"""The exit code of `biot-plugin plan` when there is something to publish."""


def lines_of(section: str) -> list[tuple[str, str]]:
    """The command lines of a section's ``sh`` blocks, each with the comment after it."""
    blocks = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    matches = [re.fullmatch(r"(.*?)(?:\s+# (.*))?", line) for block in blocks for line in block.splitlines()]
    return [(match[1], match[2] or "") for match in matches if match]


def environment(folder: Path) -> dict[str, str]:
    """An environment in which ``biot-plugin`` is the kit under test, with its own state folder."""
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


def run_lines(lines: list[tuple[str, str]], plugin: Path, environ: Mapping[str, str]) -> None:
    """Run command lines as a user would, and compare their output with the comments after them."""
    for line, promise in lines:
        done = run(line, plugin, environ)
        expected = CHANGES_WAIT if line.startswith("biot-plugin plan") else 0
        assert done.returncode == expected, f"{line}\n{done.stdout}"
        for promised in re.findall(r"version \d+ → \d+|nothing to do", promise):
            assert promised in " ".join(done.stdout.lower().split()), f"{line} promises {promised}\n{done.stdout}"


def test_every_command_of_the_publish_section_works(render: Callable[..., Path], tmp_path: Path) -> None:
    section = (REPOSITORY / "README.md").read_text("utf-8").partition(f"\n{HEADING}\n")[2].partition("\n## ")[0]
    zips, _, images = section.partition(f"\n{IMAGE_HEADING}\n")
    (start, _), *lines = lines_of(zips)
    of_images = lines_of(images)
    assert start == "biot-plugin sandbox"
    assert (len(lines) >= 8, len(of_images)) == (True, 10)
    plugins = {}
    for package_type in ("zip", "image"):
        rendered = render(plugin_name="my-plugin", package_type=package_type)
        plugins[package_type] = shutil.copytree(rendered, tmp_path / package_type)
        commit_all(plugins[package_type], "Start")
    environ = environment(tmp_path)

    # A free port, because the user may already run a local BioT.
    program = str(tmp_path / "bin" / "biot-plugin")
    with started_sandbox([program, *start.split()[1:], "--port", "0"], environ):
        run_lines(lines, plugins["zip"], environ)
        # AWS's base image cannot be downloaded here: the local BioT's registry has one of the same name.
        base = push_base_to_local(StateFolder(folder=tmp_path / "state"))
        manifest = plugins["image"] / "plugin.toml"
        text = manifest.read_text("utf-8")
        manifest.write_text(text.replace("[build.image]", f'[build.image]\nbase = "{base}"'), "utf-8")
        run_lines(of_images, plugins["image"], environ)
        # BioT's manual steps, from another folder.
        scripts = plugins["image"] / "scripts"
        logged_in = run(f"{scripts}/login.sh -e local", tmp_path, environ)
        pushed = run(f"{scripts}/BuildAndPush.sh -e local", tmp_path, environ)
        assert (logged_in.returncode, pushed.returncode) == (0, 0), logged_in.stdout + pushed.stdout
        assert re.search(r"^imageTag: sha-[0-9a-f]{16}$", pushed.stdout, re.MULTILINE)
