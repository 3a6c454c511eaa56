"""Where a project's requirements are read from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from builder.dependencies import Store, read_lock, write_lock
from builder.dependencies.lock.requirements import read_declared
from builder.errors import DependencyError
from builder.progress import SilentProgress
from tests.support.plugins.stage_inputs import plugin

if TYPE_CHECKING:
    from pathlib import Path


def texts(project: Path, requirements: str | None = None) -> list[str]:
    return [line.text for line in read_declared(plugin(project, requirements=requirements)).requirements]


def test_pyproject_dependencies_are_the_default(project: Path) -> None:
    (project / "pyproject.toml").write_text('[project]\ndependencies = ["a>1",  "b ; python_version > \'3\'"]\n')
    assert texts(project) == ["a>1", "b ; python_version > '3'"]


def test_a_requirements_file_may_be_in_a_parent_folder_and_include_others(tmp_path: Path, project: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "requirements.txt").write_text("a\n-r shared/more.txt\n-c limits.txt\n--requirement=shared/more.txt\n")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "more.txt").write_text("b\n-r ../requirements.txt\n-rlast.txt\n")
    (tmp_path / "shared" / "last.txt").write_text("\ufeffc # why\n", encoding="utf-8")
    (tmp_path / "limits.txt").write_text("b<2\n")
    declared = read_declared(plugin(project, requirements="../requirements.txt"))
    assert [(line.text, line.file) for line in declared.requirements] == [
        ("a", "../requirements.txt"),
        ("b", "../shared/more.txt"),
        ("c", "../shared/last.txt"),
    ]
    assert [line.text for line in declared.constraints] == ["b<2"]


@pytest.mark.parametrize("escape", ["../../secret.txt", "/etc/passwd", "link.txt", "https://host.example/r.txt"])
def test_an_include_never_leaves_the_repository_or_shows_file_content(
    tmp_path: Path, project: Path, escape: str
) -> None:
    repository = project / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "inner").mkdir()
    (tmp_path / "secret.txt").write_text("top-secret-content\n")
    (project / "secret.txt").write_text("top-secret-content\n")
    (repository / "inner" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (repository / "inner" / "requirements.txt").write_text(f"a\n-r {escape}\n")
    with pytest.raises(DependencyError) as caught:
        texts(repository / "inner", "requirements.txt")
    (problem,) = caught.value.problems
    assert problem.where == "requirements.txt:2"
    assert "top-secret" not in problem.message + problem.hint
    assert "root:" not in problem.message


def test_an_unused_requirements_file_is_reported(project: Path) -> None:
    (project / "requirements.txt").write_text("a\n")
    with pytest.raises(DependencyError, match="no setting says") as caught:
        read_lock(plugin(project))
    assert 'requirements = "requirements.txt"' in caught.value.setting


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[project]\ndynamic = ["dependencies"]\n', "has dynamic dependencies"),
        ('[project]\ndependencies = "a"\n', "must be a list"),
        ("[project\n", "not valid TOML"),
        ("\0", "not valid TOML"),
        ("# " + "x" * (1 << 20), "larger than 1 MiB"),
    ],
    ids=["dynamic", "no list", "broken", "NUL", "large"],
)
def test_an_invalid_pyproject_is_reported(project: Path, content: str, words: str) -> None:
    (project / "pyproject.toml").write_text(content)
    with pytest.raises(DependencyError, match=words):
        read_declared(plugin(project))


def test_a_missing_requirements_file_is_reported_with_the_manifest_line(project: Path) -> None:
    with pytest.raises(DependencyError) as caught:
        texts(project, "nowhere.txt")
    assert [problem.where for problem in caught.value.problems] == ["plugin.toml build.requirements"]


def test_a_project_without_dependencies_needs_no_lock(project: Path, store: Store) -> None:
    manifest = plugin(project)
    assert read_lock(manifest).packages == ()
    result = write_lock(manifest, store, SilentProgress())
    assert (result.files, list(project.iterdir())) == ((), [])


def test_errors_for_missing_and_outdated_locks_name_the_command(project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text("[project]\ndependencies = ['a; python_version < \"3\"']\n")
    with pytest.raises(DependencyError, match="is missing") as caught:
        read_lock(plugin(project))
    assert "biot-plugin lock" in caught.value.hint
    (project / "requirements.lock").write_text(
        f"# runtime: python3.12\n# glibc: 2.34\n# inputs: {read_declared(plugin(project)).digest}\n"
    )
    with pytest.raises(DependencyError, match=r"was made for python3\.12, but plugin\.toml says python3\.13"):
        read_lock(plugin(project))
    assert read_lock(plugin(project, "python3.12")).packages == ()
    file.write_text('[project]\ndependencies = ["a"]\n')
    with pytest.raises(DependencyError, match=r"pyproject\.toml has changed since"):
        read_lock(plugin(project, "python3.12"))
    (project / "requirements.lock").write_bytes(b"\xff\xfe")
    with pytest.raises(DependencyError, match="not UTF-8"):
        read_lock(plugin(project))


def test_the_error_for_a_read_only_store_names_the_variable(project: Path) -> None:
    (project / "file").write_text("")
    with pytest.raises(DependencyError, match="is not writable") as caught, Store(project / "file").work_folder():
        pass
    assert "BIOT_PLUGIN_STORE" in caught.value.hint


def test_files_of_a_killed_build_are_removed_a_day_later(store: Store) -> None:
    left, fresh = store.folder / "work" / "left", store.folder / "work" / "fresh"
    for folder in (left, fresh):
        folder.mkdir(parents=True)
        (folder / "part.whl").write_text("")
    os.utime(left, (0, 0))
    with store.work_folder():
        assert (left.exists(), fresh.exists()) == (False, True)
