"""The guides to publishing a ZIP and an image work: every command line runs, in order, exactly as written."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from builder.publishing.state_folder import StateFolder
from tests.support.plugins.page_steps import Reader, page_steps, reader_environment
from tests.support.sandbox.pushed_bases import push_base_to_local
from tests.support.sandbox.sandbox_command import started_sandbox
from tests.templates.conftest import REPOSITORY, commit_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.plugins.page_steps import PageStep


def steps_of(name: str) -> list[PageStep]:
    return [*page_steps((REPOSITORY / "docs" / "how-to" / f"{name}.md").read_text("utf-8"))]


def test_the_readme_shows_the_commands_of_the_guide_to_images() -> None:
    guide = (REPOSITORY / "docs" / "how-to" / "image.md").read_text("utf-8")
    start = guide.index("```console")
    block = guide[start : guide.index("```", start + 3)]
    assert block in (REPOSITORY / "README.md").read_text("utf-8")


@pytest.mark.exhaustive  # each command has tests of its own; `tox -e docs` runs the pages
def test_every_command_of_the_guides_to_publishing_works(render: Callable[..., Path], tmp_path: Path) -> None:
    zips, images = steps_of("publish"), steps_of("image")
    assert zips[0].command == "biot-plugin sandbox"
    assert (len(zips) >= 9, len(images) >= 10) == (True, True)
    plugins = {}
    for package_type in ("zip", "image"):
        rendered = render(plugin_name="my-plugin", package_type=package_type)
        plugins[package_type] = shutil.copytree(rendered, tmp_path / package_type)
        commit_all(plugins[package_type], "Start")
    environ = reader_environment(tmp_path)

    # A free port, because the user may already run a local BioT.
    with started_sandbox([str(tmp_path / "bin" / "biot-plugin"), "sandbox", "--port", "0"], environ):
        Reader(folder=plugins["zip"], environ=environ).follow(zips)
        Reader(folder=plugins["zip"], environ=environ).follow(steps_of("types"))
        # AWS's base image cannot be downloaded here: the local BioT's registry has one of the same name.
        base = push_base_to_local(StateFolder(folder=tmp_path / "state"))
        manifest = plugins["image"] / "plugin.toml"
        text = manifest.read_text("utf-8")
        manifest.write_text(text.replace("[build.image]", f'[build.image]\nbase = "{base}"'), "utf-8")
        Reader(folder=plugins["image"], environ=environ).follow(images)
        # BioT's manual steps, from another folder.
        printed = ""
        for script in ("login.sh", "BuildAndPush.sh"):
            program = [str(plugins["image"] / "scripts" / script), "-e", "local"]
            printed = subprocess.run(
                program, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True
            ).stdout
        assert re.search(r"^imageTag: sha-[0-9a-f]{16}$", printed, re.MULTILINE)
