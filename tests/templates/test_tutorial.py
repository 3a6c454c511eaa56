"""The tutorial works: every command in it runs, in order, and prints what the page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.plugins.page_steps import Reader, missing_line, page_steps, reader_environment
from tests.support.sandbox.sandbox_command import started_sandbox
from tests.templates.conftest import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.exhaustive  # each command has tests of its own; `tox -e docs` runs the pages
def test_every_command_of_the_tutorial_works(kit: Path, tmp_path: Path, functions_cache: Path) -> None:
    steps = [*page_steps((REPOSITORY / "docs" / "tutorial.md").read_text("utf-8"))]
    environ = {**reader_environment(tmp_path, kit), "XDG_CACHE_HOME": str(functions_cache.parents[1])}
    assert len(steps) >= 15

    # A free port, because the user may already run a local BioT.
    with started_sandbox([str(tmp_path / "bin" / "biot-plugin"), "sandbox", "--port", "0"], environ):
        Reader(folder=tmp_path, environ=environ).follow(steps)


@pytest.mark.parametrize(
    ("shown", "missing"),
    [(["a … c"], None), (["d"], None), (["d", "a … c"], "a … c"), (["a b"], "a b"), (["a … d"], "a … d")],
)
def test_a_page_that_shows_something_else_is_noticed(shown: list[str], missing: str | None) -> None:
    assert missing_line(shown, "a b c\nd\n") == missing
