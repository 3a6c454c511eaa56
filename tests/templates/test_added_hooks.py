"""`biot-plugin add HOOK` gives a plugin the same files as one that was generated with the hook."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import pytest

import scaffold
from builder.cli.app import run
from builder.errors import ProjectError
from tests.support.repetitions import exhaustive_after
from tests.templates.conftest import commit_all, files_of
from tests.templates.expected import HOOKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RING = list(zip(HOOKS, [*HOOKS[1:], HOOKS[0]], cycle(("python", "javascript")), strict=False))
"""Each hook is added once, to another one. Copier merges the difference between two renders, so one pair for each hook
covers what the templates decide by it. The first two have both languages; test_renders.py has each hook."""


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in sorted(files_of(folder))}


@pytest.mark.parametrize(("before", "added", "language"), exhaustive_after(2, RING))
def test_a_plugin_with_an_added_hook_equals_one_that_was_generated_with_it(
    before: str, added: str, language: str, plugin: Callable[..., Path], render: Callable[..., Path]
) -> None:
    folder = plugin(language=language, hooks=[before])
    addition = scaffold.add_hook(folder, added)
    both = [hook for hook in scaffold.HOOKS if hook in {before, added}]
    assert contents(folder) == contents(render(language=language, hooks=both))
    assert f"events/{'http' if added == 'nonspecific' else added}.json" in addition.added
    assert "plugin.toml" in addition.changed


def test_a_dry_run_shows_every_change_and_makes_none(
    plugin: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = plugin(hooks=["notification"])
    before = contents(folder)
    assert run(["add", "interceptor_pre", str(folder), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "+++ b/src/plugin/perform/interceptor_pre.py" in shown
    assert '+type = "PRE_REQUEST"' in shown
    assert contents(folder) == before


def test_what_the_author_wrote_stays(plugin: Callable[..., Path]) -> None:
    folder = plugin(hooks=["notification"])
    perform, manifest = folder / "src/plugin/perform/notification.py", folder / "plugin.toml"
    perform.write_text("the author's own\n", "utf-8")
    manifest.write_text(manifest.read_text("utf-8").replace("timeout = 30", "timeout = 7"), "utf-8")
    commit_all(folder, "Own work")
    scaffold.add_hook(folder, "nonspecific")
    assert perform.read_text("utf-8") == "the author's own\n"
    assert "timeout = 7" in manifest.read_text("utf-8")


def test_lines_that_both_changed_are_listed_as_conflicts(plugin: Callable[..., Path]) -> None:
    folder = plugin(hooks=["notification"])
    manifest = folder / "plugin.toml"
    text = manifest.read_text("utf-8")
    manifest.write_text(text[: text.index("[plugin.subscriptions]")], "utf-8")
    commit_all(folder, "No subscriptions")
    with pytest.raises(ProjectError, match="Merge conflicts in 1 file") as caught:
        scaffold.add_hook(folder, "interceptor_pre")
    assert {problem.file for problem in caught.value.problems} == {"plugin.toml"}


def test_a_hook_that_the_plugin_has_changes_nothing(
    plugin: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = plugin(hooks=["notification"])
    before = contents(folder)
    assert run(["add", "notification", str(folder)]) == 0
    assert capsys.readouterr().out == "The plugin already has the hook notification.\n"
    assert contents(folder) == before
