"""`biot-plugin new` writes a complete plugin, or nothing and the reason."""

from __future__ import annotations

import errno
import os
import shlex
from pathlib import Path

import pytest
from copier.errors import CopierError

import scaffold
from builder.cli.app import run
from builder.errors import ProjectError
from tests.functional.scaffold.conftest import git


def start(destination: Path, source: Path | str, **answers: object) -> scaffold.NewResult:
    return scaffold.new(destination, answers=answers, defaults=True, source=str(source))


def everything(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*"))


def test_a_missing_folder_is_created_with_its_parents(template: Path, tmp_path: Path) -> None:
    result = start(tmp_path / "a" / "b" / "my-plugin", template)
    assert result.folder == tmp_path / "a" / "b" / "my-plugin"
    assert result.files == (".copier-answers.yml", "README.md", "code.txt")
    assert (result.folder / "README.md").read_text("utf-8") == "# my-plugin\n"
    assert everything(tmp_path / "a" / "b") == ["my-plugin", *(f"my-plugin/{name}" for name in result.files)]


def test_a_relative_source_and_destination_work_from_any_folder(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    result = scaffold.new(Path("mine"), answers={}, defaults=True, source=f"..{os.sep}{template.name}")
    assert result.folder == tmp_path / "elsewhere" / "mine"
    assert result.source == str(template)


def test_the_current_folder_gives_the_plugin_its_name(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert start(Path(), template).answers["plugin_name"] == "here"


def test_uncommitted_changes_of_a_local_kit_are_included(template: Path, tmp_path: Path) -> None:
    (template / "template" / "new.txt").write_text("not committed\n", "utf-8")
    assert "new.txt" in start(tmp_path / "plugin", template).files


def test_the_requested_version_is_used(template: Path, tmp_path: Path) -> None:
    result = scaffold.new(tmp_path / "plugin", answers={}, defaults=True, source=f"git+file://{template}", ref="v1")
    assert result.version == "v1"
    assert (tmp_path / "plugin" / "code.txt").read_text("utf-8") == "one\n"


def test_the_users_files_stay_and_equal_files_are_not_a_conflict(template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "LICENSE").write_text("mine\n", "utf-8")
    (folder / "code.txt").write_text("two\n", "utf-8")
    start(folder, template)
    assert everything(folder) == [".copier-answers.yml", "LICENSE", "README.md", "code.txt"]
    assert (folder / "LICENSE").read_text("utf-8") == "mine\n"


def test_every_conflicting_file_is_listed_and_nothing_is_written(template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "README.md").write_text("mine\n", "utf-8")
    (folder / "code.txt").mkdir()
    with pytest.raises(ProjectError) as caught:
        start(folder, template)
    assert [problem.file for problem in caught.value.problems] == ["README.md", "code.txt"]
    assert everything(folder) == ["README.md", "code.txt"]


def test_a_generated_plugin_is_not_generated_again(template: Path, tmp_path: Path) -> None:
    start(tmp_path / "plugin", template)
    with pytest.raises(ProjectError, match="already contains a generated plugin") as caught:
        start(tmp_path / "plugin", template)
    assert "biot-plugin update" in caught.value.hint


def test_a_file_is_refused_as_destination(template: Path, tmp_path: Path) -> None:
    (tmp_path / "plugin").write_text("", "utf-8")
    with pytest.raises(ProjectError, match="is a file, not a folder"):
        start(tmp_path / "plugin", template)


def test_all_invalid_answers_are_reported_at_once(template: Path, tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        start(tmp_path / "plugin", template, plugin_name="a b", language="java", hooks="[nothing]")
    assert [problem.key for problem in caught.value.problems] == ["plugin_name", "language", "hooks"]
    assert everything(tmp_path) == [name for name in everything(tmp_path) if not name.startswith("plugin")]


def test_an_invalid_answer_is_printed_once(template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["new", str(tmp_path / "plugin"), "--source", str(template), "--defaults", "-d", "plugin_name=a b"])

    output = capsys.readouterr().err
    assert code == ProjectError.exit_code
    assert output.count("no blanks") == 1
    assert output.count("plugin_name") == 1


def test_the_next_steps_are_printed_with_a_warning_about_a_kit_that_only_this_machine_has(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requirement = f"biot-plugin-kit @ file://{template}"
    (template / "template" / "tox.ini").write_text(f"[kit]\nrequirement = {requirement}\n", "utf-8")

    assert run(["new", str(tmp_path / "it's"), "--source", str(template), "--defaults"]) == 0

    output = capsys.readouterr().out
    assert "  cd " + shlex.quote(f"{tmp_path}/it's") + "\n" in output
    assert "tox -e package" in output
    assert f"from a folder on this machine:\n  {requirement}\n" in output


def test_without_a_terminal_questions_are_an_error_and_not_a_wait(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        with pytest.raises(ProjectError, match="no terminal") as caught:
            scaffold.new(tmp_path / "plugin", answers={}, defaults=False, source=str(template))
    assert "--defaults" in caught.value.hint
    assert not (tmp_path / "plugin").exists()


@pytest.mark.parametrize("where", ["plugin.toml/below", "plugin.toml"])
def test_a_file_in_the_path_of_the_destination_is_reported(where: str, template: Path, tmp_path: Path) -> None:
    (tmp_path / "plugin.toml").write_text("", "utf-8")
    with pytest.raises(ProjectError, match=r"plugin\.toml is a file, not a folder\."):
        start(tmp_path / where, template)


def test_a_full_disk_is_reported_and_nothing_is_left_behind(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("copier.run_copy", full)
    with pytest.raises(ProjectError, match=r"plugin cannot be written: No space left on device\.") as caught:
        start(tmp_path / "plugin", template)
    assert "free space" in caught.value.hint
    assert not list(tmp_path.glob("*plugin*"))


def test_a_file_url_is_a_git_url(template: Path, tmp_path: Path) -> None:
    result = start(tmp_path / "plugin", f"file://{template}")
    assert result.source == f"git+file://{template}"


@pytest.mark.parametrize("scheme", ["", "git+file://"])
def test_an_unknown_version_is_reported(scheme: str, template: Path, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="has no version v9"):
        scaffold.new(tmp_path / "plugin", answers={}, defaults=True, source=f"{scheme}{template}", ref="v9")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("/nowhere/at/all", "neither a folder nor a git repository"),
        ("git+file:///nowhere/at/all", "cannot be fetched"),
        ("http://127.0.0.1:9/kit.git", "cannot be fetched"),
    ],
)
def test_a_missing_source_is_reported(source: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=message):
        start(tmp_path / "plugin", source)


def test_a_missing_git_is_reported(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProjectError, match="git was not found"):
        start(tmp_path / "plugin", f"git+file://{template}")


# The error interrupts Copier's walk over the folder, which then warns about an open handle.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_broken_templates_leave_nothing_behind(template: Path, tmp_path: Path) -> None:
    (template / "template" / "broken.txt.jinja").write_text("{% if %}", "utf-8")
    before = everything(tmp_path)
    with pytest.raises(ProjectError, match="cannot be rendered"):
        start(tmp_path / "plugin", template)
    assert everything(tmp_path) == before


def test_an_interrupt_leaves_nothing_behind(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        (tmp_path / "seen").write_text("", "utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr("copier.run_copy", interrupted)
    before = everything(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        start(tmp_path / "plugin", template)
    assert [name for name in everything(tmp_path) if not name.startswith("kit/.git/")] == [
        name for name in sorted([*before, "seen"]) if not name.startswith("kit/.git/")
    ]


def test_an_interrupt_at_a_question_is_an_interrupt(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class InterruptedAtAQuestionError(CopierError, KeyboardInterrupt):
        pass

    def interrupted(*_: object, **__: object) -> None:
        raise InterruptedAtAQuestionError

    monkeypatch.setattr("copier.run_copy", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        start(tmp_path / "plugin", template)
    assert type(caught.value) is KeyboardInterrupt


def test_a_plugin_from_a_folder_without_git_is_unversioned(template: Path, tmp_path: Path) -> None:
    git(template, "status")
    (template / ".git").rename(tmp_path / "git-aside")
    assert start(tmp_path / "plugin", template).version == "unversioned"
