"""`copier update` keeps the author's changes, applies the kit's changes, and reports every conflict."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from copier import VcsRef, run_copy, run_update

import scaffold
from builder.errors import ProjectError
from tests.support.plugins.faster_copier import keep_clones_of
from tests.support.repetitions import exhaustive_after
from tests.templates.conftest import VERSION, commit_all, files_of, git
from tests.templates.expected import HOOKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LANGUAGES = ("python", "javascript")
PERFORM = {"python": "src/plugin/perform/notification.py", "javascript": "src/plugin/perform/notification.js"}


@pytest.fixture(scope="module")
def two_versions(kit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit with an older release: changed texts, one file fewer, one more, and one in another folder."""
    folder = tmp_path_factory.mktemp("kit") / "two-versions"
    shutil.copytree(kit, folder, ignore=shutil.ignore_patterns(".git"))
    for language in LANGUAGES:
        root = folder / "templates" / language
        (root / "OLD.md").write_text("gone in the next version\n", "utf-8")
        (root / ".editorconfig").unlink()
        (root / "tests_kit" / "cases.json.jinja").rename(root / "tests" / "cases.json.jinja")
        tox = root / "tox.ini.jinja"
        tox.write_text(tox.read_text("utf-8").replace("min_version = 4.24", "min_version = 4.20"), "utf-8")
        manifest = root / "plugin.toml.jinja"
        manifest.write_text(manifest.read_text("utf-8").replace("memorySize = 256", "memorySize = 128"), "utf-8")
        perform = root / PERFORM[language]
        perform.write_text("".join(perform.read_text("utf-8").splitlines(keepends=True)[:1]), "utf-8")
    commit_all(folder, "Older")
    git(folder, "tag", "v0.0.1")
    for item in folder.iterdir():
        if item.name != ".git":
            (shutil.rmtree if item.is_dir() else os.unlink)(item)
    shutil.copytree(kit, folder, ignore=shutil.ignore_patterns(".git"), dirs_exist_ok=True)
    commit_all(folder, "Newer")
    git(folder, "tag", VERSION)
    keep_clones_of(folder)
    return folder


@pytest.fixture(scope="module")
def old_renders(two_versions: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A plugin of the older release in each language. Do not change it; ``old_plugin`` makes a copy."""
    folders = {language: tmp_path_factory.mktemp("old") / "my-plugin" for language in LANGUAGES}
    for language, folder in folders.items():
        run_copy(str(two_versions), folder, {"language": language}, vcs_ref="v0.0.1", defaults=True, quiet=True)
    return folders


def old_plugin(source: Path, folder: Path) -> Path:
    shutil.copytree(source, folder)
    commit_all(folder, "Start")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in sorted(files_of(folder))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_updated_plugin_equals_a_fresh_one_and_keeps_the_author_s_work(
    language: str, two_versions: Path, old_renders: dict[str, Path], tmp_path: Path
) -> None:
    plugin = old_plugin(old_renders[language], tmp_path / "my-plugin")
    of_the_author = {
        PERFORM[language]: b"the author's own\n",
        "CHANGELOG.md": b"# What we changed\n",
        "package-lock.json" if language == "javascript" else "requirements.lock": b"other packages\n",
    }
    for name, data in of_the_author.items():
        (plugin / name).write_bytes(data)
    commit_all(plugin, "The author's work")

    run_update(plugin, defaults=True, overwrite=True, quiet=True)

    fresh = tmp_path / "fresh" / "my-plugin"
    run_copy(str(two_versions), fresh, {"language": language}, defaults=True, quiet=True)
    assert of_the_author.keys() <= contents(fresh).keys()
    assert contents(plugin) == contents(fresh) | of_the_author


def test_changes_of_author_and_kit_in_one_file_are_merged(old_renders: dict[str, Path], tmp_path: Path) -> None:
    plugin = old_plugin(old_renders["python"], tmp_path / "my-plugin")
    manifest = plugin / "plugin.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("version = 1\n", "version = 7\n"), "utf-8")
    tox = plugin / "tox.ini"
    tox.write_text(tox.read_text("utf-8") + "\n[testenv:mine]\ncommands = python -V\n", "utf-8")
    (plugin / ".gitattributes").unlink()
    commit_all(plugin, "The author's work")

    result = scaffold.update(plugin, answers={}, ref=VERSION, defaults=True)

    assert "version = 7\n" in manifest.read_text("utf-8")
    assert "memorySize = 256\n" in manifest.read_text("utf-8")
    assert "min_version = 4.24" in tox.read_text("utf-8")
    assert "[testenv:mine]" in tox.read_text("utf-8")
    assert not (plugin / ".gitattributes").exists(), "what the author deleted stays deleted"
    assert (result.before, result.after) == ("v0.0.1", VERSION)
    assert result.deleted == ("OLD.md", "tests/cases.json")
    assert set(result.changed) == {
        ".copier-answers.yml",
        ".editorconfig",
        "OLD.md",
        "plugin.toml",
        "tests/cases.json",
        "tests_kit/cases.json",
        "tox.ini",
    }


def test_a_conflict_is_an_error_that_names_its_line(old_renders: dict[str, Path], tmp_path: Path) -> None:
    plugin = old_plugin(old_renders["python"], tmp_path / "my-plugin")
    manifest = plugin / "plugin.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("memorySize = 128", "memorySize = 1024"), "utf-8")
    commit_all(plugin, "More memory")

    with pytest.raises(ProjectError) as caught:
        scaffold.update(plugin, answers={}, ref=VERSION, defaults=True)

    lines = manifest.read_text("utf-8").splitlines()
    [problem] = caught.value.problems
    assert problem.file == "plugin.toml"
    assert lines[problem.line - 1] == "<<<<<<< before updating"
    assert "git reset --hard" in caught.value.hint


@pytest.mark.parametrize("language", exhaustive_after(1, LANGUAGES))
def test_a_hook_can_be_added_later(language: str, plugin: Callable[..., Path], tmp_path: Path, kit: Path) -> None:
    folder = plugin(language=language, hooks=["notification"])
    (folder / PERFORM[language]).write_text("the author's own\n", "utf-8")
    commit_all(folder, "The author's work")

    run_update(
        folder,
        {"hooks": ["notification", "nonspecific"]},
        vcs_ref=VcsRef.CURRENT,
        defaults=True,
        overwrite=True,
        quiet=True,
    )

    run_copy(
        str(kit),
        tmp_path / "fresh" / "my-plugin",
        {"language": language, "hooks": ["notification", "nonspecific"]},
        defaults=True,
        quiet=True,
    )
    expected = contents(tmp_path / "fresh" / "my-plugin") | {PERFORM[language]: b"the author's own\n"}
    assert contents(folder) == expected


def test_a_removed_hook_and_another_ci_system_replace_files(plugin: Callable[..., Path]) -> None:
    folder = plugin(hooks=list(HOOKS), ci="github")
    answers = {"hooks": ["notification"], "ci": "gitlab"}
    result = scaffold.update(folder, answers=answers, ref=":current:", defaults=True)
    assert result.before == result.after == VERSION
    assert "src/plugin/perform/nonspecific.py" in result.deleted
    assert not (folder / "events" / "cron.json").exists()
    assert (folder / ".gitlab-ci.yml").is_file()
    assert not (folder / ".github").exists()


@pytest.mark.exhaustive
def test_an_update_from_a_git_url_changes_the_pin(two_versions: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "my-plugin"
    run_copy(f"git+file://{two_versions}", plugin, vcs_ref="v0.0.1", defaults=True, quiet=True)
    commit_all(plugin, "Start")
    old, new = (git(two_versions, "rev-list", "-1", tag) for tag in ("v0.0.1", VERSION))
    assert f"@{old}\n" in (plugin / "tox.ini").read_text("utf-8")
    run_update(plugin, defaults=True, overwrite=True, quiet=True)
    assert f"@{new}\n" in (plugin / "tox.ini").read_text("utf-8")


def test_a_plugin_in_a_folder_of_a_larger_repository_is_updated_with_its_answers(
    two_versions: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "many"
    repository.mkdir()
    (repository / "README.md").write_text("all our plugins\n", "utf-8")
    plugin = repository / "plugins" / "first"
    answers = {"kit_requirement": "biot-plugin-kit==1.2.3"}
    run_copy(str(two_versions), plugin, answers, vcs_ref="v0.0.1", defaults=True, quiet=True)
    commit_all(repository, "Start")
    result = scaffold.update(plugin, answers={}, ref=VERSION, defaults=True)
    assert "plugin.toml" in result.changed
    assert "memorySize = 256\n" in (plugin / "plugin.toml").read_text("utf-8")
    assert "requirement = biot-plugin-kit==1.2.3\n" in (plugin / "tox.ini").read_text("utf-8")
