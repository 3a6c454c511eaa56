"""Every command of every how-to guide works (`tox -e docs`; the tutorial is also in plain `tox`)."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.plugins.page_steps import Reader, blocks_that_do_not_run, page_steps, reader_environment
from tests.support.sandbox.sandbox_command import started_sandbox
from tests.support.servers.package_registries import PythonIndex, served
from tests.templates.conftest import REPOSITORY, commit_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.plugins.page_steps import PageStep

GUIDES = REPOSITORY / "docs" / "how-to"
FROM_NOTHING = ("existing-plugin", "many-plugins", "ci", "other-runtimes")
"""Guides that begin in an empty folder."""
IN_A_PLUGIN = ("auditors",)
"""Guides that begin in a generated plugin."""
IN_PLAIN_TOX = {"publish", "image", "types"}
"""Guides that `tests/templates/test_publishing_guides.py` runs, also in plain `tox`."""
NOT_RUN = {
    "biot-plugin audit --osv osv",
    "git fetch origin main",
    "biot-plugin plan --all -e dev --json > plan.json || [ $? = 10 ]",
}
"""First lines of blocks that need what only a reader has: a copy of the OSV database, or a pipeline with its branches
and an environment. `tests/functional/batch` and `tests/functional/release` run the commands of pipelines."""


@pytest.fixture
def reader(kit: Path, tmp_path: Path, functions_cache: Path) -> Iterator[Reader]:
    """Somebody in an empty folder, with a local BioT that runs."""
    environ = {**reader_environment(tmp_path, kit), "XDG_CACHE_HOME": str(functions_cache.parents[1])}
    folder = tmp_path / "home"
    folder.mkdir()
    with started_sandbox([str(tmp_path / "bin" / "biot-plugin"), "sandbox", "--port", "0"], environ):
        yield Reader(folder=folder, environ=environ)


def steps_of(name: str) -> list[PageStep]:
    return [*page_steps((GUIDES / f"{name}.md").read_text("utf-8"))]


def in_a_plugin(reader: Reader, rendered: Path) -> None:
    reader.folder = shutil.copytree(rendered, reader.folder / "my-plugin")
    commit_all(reader.folder, "Start")


def test_every_guide_is_run() -> None:
    names = {page.stem for page in GUIDES.glob("*.md")}
    skipped = {block for name in names for block in blocks_that_do_not_run((GUIDES / f"{name}.md").read_text("utf-8"))}

    assert names == {*FROM_NOTHING, *IN_A_PLUGIN, *IN_PLAIN_TOX, "private-index"}
    assert {block.splitlines()[0] for block in skipped} == NOT_RUN


@pytest.mark.parametrize("name", FROM_NOTHING)
def test_every_command_works_in_an_empty_folder(name: str, reader: Reader) -> None:
    reader.follow(steps_of(name))


@pytest.mark.parametrize("name", IN_A_PLUGIN)
def test_every_command_works_in_a_new_plugin(name: str, reader: Reader, render: Callable[..., Path]) -> None:
    in_a_plugin(reader, render(plugin_name="my-plugin"))
    reader.follow(steps_of(name))


def test_every_command_works_with_a_private_index(reader: Reader) -> None:
    """The only index that has the package is one on loopback."""
    with served(PythonIndex()) as index:
        index.wheel("acme_units", "1.2.0", files={"acme_units.py": b"def celsius(x): return (x - 32) / 1.8\n"})
        reader.replaced = {"https://pypi.example.com/simple/": f"{index.url}/simple"}
        for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"):
            reader.environ.pop(name, None)
        reader.follow(steps_of("private-index"))
        requested = [*index.requests]

    assert any("acme-units" in path for path in requested)
