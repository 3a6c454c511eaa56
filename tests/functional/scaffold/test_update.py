"""`biot-plugin update` refuses updates that could not be undone, and reports what it changed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import scaffold
from builder.cli.app import run
from builder.errors import ProjectError
from tests.functional.scaffold.conftest import commit_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def plugin(template: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "plugin"
    answers = {"hooks": ["notification", "nonspecific"]}
    scaffold.new(folder, answers=answers, defaults=True, source=str(template), ref="v1")
    commit_all(folder)
    return folder


def test_the_result_of_an_update_lists_the_changes(plugin: Path) -> None:
    result = scaffold.update(plugin, answers={}, ref="v2", defaults=True)
    assert (result.before, result.after) == ("v1", "v2")
    assert result.changed == (".copier-answers.yml", "code.txt")
    assert result.deleted == ()
    assert (plugin / "code.txt").read_text("utf-8") == "two\n"


def test_the_command_prints_whether_anything_changed(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["update", str(plugin), "--ref", "v1", "--defaults"]) == 0
    assert "Already up to date" in capsys.readouterr().out
    assert run(["update", str(plugin), "--ref", "v2", "--defaults"]) == 0
    assert "from version v1 of the kit to v2. Files changed: 2, of which deleted: 0." in capsys.readouterr().out


def test_an_answer_that_is_no_longer_available_is_reported(plugin: Path) -> None:
    assert scaffold.update(plugin, answers={}, ref="v2", defaults=True).reset == ("hooks",)


def test_merge_conflicts_are_reported_with_file_and_line(plugin: Path) -> None:
    (plugin / "code.txt").write_text("mine\n", "utf-8")
    commit_all(plugin)
    with pytest.raises(ProjectError, match="Merge conflicts in 1 file") as caught:
        scaffold.update(plugin, answers={}, ref="v2", defaults=True)
    assert [(problem.file, problem.line) for problem in caught.value.problems] == [("code.txt", 1)]


def test_uncommitted_changes_are_listed_and_nothing_is_changed(plugin: Path) -> None:
    (plugin / "code.txt").write_text("mine\n", "utf-8")
    (plugin / "new.txt").write_text("mine\n", "utf-8")
    with pytest.raises(ProjectError, match="uncommitted changes") as caught:
        scaffold.update(plugin, answers={}, ref="v2", defaults=True)
    assert [problem.file for problem in caught.value.problems] == ["code.txt", "new.txt"]
    assert (plugin / "code.txt").read_text("utf-8") == "mine\n"


def test_a_folder_that_was_not_generated_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="does not contain a generated plugin"):
        scaffold.update(tmp_path, answers={}, ref="v2")


@pytest.mark.parametrize("text", ["{", "- a list\n", "language: python\n", "\xff\xfe"])
def test_a_damaged_answers_file_is_reported(text: str, plugin: Path) -> None:
    (plugin / ".copier-answers.yml").write_text(text, "latin-1")
    with pytest.raises(ProjectError, match=r"\.copier-answers\.yml (is not valid YAML|does not contain _src_path)"):
        scaffold.update(plugin, answers={}, ref="v2")


def test_a_plugin_without_a_commit_is_refused(plugin: Path) -> None:
    shutil.rmtree(plugin / ".git")
    with pytest.raises(ProjectError, match="not in a git repository") as caught:
        scaffold.update(plugin, answers={}, ref="v2")
    assert "git init" in caught.value.hint


def test_a_plugin_without_a_version_is_refused_with_a_hint(plugin: Path) -> None:
    answers = plugin / ".copier-answers.yml"
    lines = answers.read_text("utf-8").splitlines(keepends=True)
    answers.write_text("".join(line for line in lines if not line.startswith("_commit")), "utf-8")
    commit_all(plugin)
    with pytest.raises(ProjectError, match="its version is unknown") as caught:
        scaffold.update(plugin, answers={}, ref="v2")
    assert "Create a new plugin" in caught.value.hint


def test_a_downgrade_is_refused(plugin: Path) -> None:
    scaffold.update(plugin, answers={}, ref="v2", defaults=True)
    commit_all(plugin)
    with pytest.raises(ProjectError, match="cannot be downgraded"):
        scaffold.update(plugin, answers={}, ref="v1", defaults=True)


def test_the_language_cannot_be_changed(plugin: Path) -> None:
    with pytest.raises(ProjectError, match="written in python"):
        scaffold.update(plugin, answers={"language": "javascript"}, ref=":current:")


def test_the_layout_cannot_be_changed(plugin: Path) -> None:
    with pytest.raises(ProjectError, match="has the layout one") as caught:
        scaffold.update(plugin, answers={"layout": "many"}, ref=":current:")
    assert "-d layout=" in caught.value.hint


def test_an_unknown_version_is_reported(plugin: Path) -> None:
    with pytest.raises(ProjectError, match="has no version v9"):
        scaffold.update(plugin, answers={}, ref="v9", defaults=True)


def test_answers_are_checked(plugin: Path) -> None:
    with pytest.raises(ProjectError, match="answer is invalid") as caught:
        scaffold.update(plugin, answers={"plugin_name": "a b"}, ref=":current:", defaults=True)
    assert [problem.message for problem in caught.value.problems] == ["no blanks"]
    with pytest.raises(ProjectError, match="Unknown question: name"):
        scaffold.update(plugin, answers={"name": "a"}, ref=":current:", defaults=True)
