"""Many plugins at once: which are found, that each is built as if alone, and what one that fails does to the others."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder import pipeline
from builder.batch import PluginResult, find_last_builds, find_plugins, package_all
from builder.dependencies import Store, read_lock, write_lock
from builder.errors import DependencyError, ProjectError
from builder.pipeline import PackagedPlugin, Project
from builder.progress import SilentProgress
from tests.support.plugins.stage_inputs import RecordedProgress, plugin

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.package_registries import PythonIndex

pytestmark = pytest.mark.usefixtures("forked_pip")


HANDLER = "def handler(event, context):\n    return None\n"
TODAY = date(2026, 11, 20)
TICK = 0.06
"""More seconds than a file must be older than the build that is recorded."""


def make(folder: Path, *, requirements: str = "", name: str = "", handler: str = HANDLER) -> Project:
    (folder / "src").mkdir(parents=True)
    settings = f'name = "{name or folder.name}"\ndisplayName = "D"\nversion = 1\nruntime = "python3.13"\n'
    build = '[build]\nrequirements = "requirements.in"\n' if requirements else ""
    (folder / "plugin.toml").write_text(f"[plugin]\n{settings}{build}", "utf-8")
    (folder / "src" / "index.py").write_text(handler, "utf-8")
    if requirements:
        (folder / "requirements.in").write_text(f"{requirements}\n", "utf-8")
    return Project(start=folder, environment=None, today=TODAY)


def digests(results: tuple[PluginResult, ...]) -> list[str]:
    return [one.result.artifact.sha256 if isinstance(one.result, PackagedPlugin) else "" for one in results]


def test_plugins_are_sorted_by_path_and_ignored_folders_are_skipped(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("/out/\nsecret.*\n")
    for name in ("b", "a/deep", "a", "tests/sample", "out/copy", "node_modules/x", ".tox/y", "venv/z", "b/.hidden/z"):
        make(tmp_path / name)
    (make(tmp_path / "environment").start / "pyvenv.cfg").touch()
    (tmp_path / "link").symlink_to(tmp_path / "b")

    found = [folder.relative_to(tmp_path).as_posix() for folder in find_plugins(tmp_path)]

    assert found == ["a", "a/deep", "b", "tests/sample"]
    assert find_plugins(tmp_path / "b") == (tmp_path / "b",)


def test_a_gitignore_above_the_root_counts_too(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("/plugins/old/\n")
    make(tmp_path / "plugins" / "old")
    make(tmp_path / "plugins" / "new")

    assert find_plugins(tmp_path / "plugins") == (tmp_path / "plugins" / "new",)


def test_a_folder_without_plugins_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"No plugin\.toml found in .* or below"):
        find_plugins(tmp_path)


def test_a_batch_gives_the_artifacts_of_single_builds_and_fetches_each_package_once(
    tmp_path: Path, store: Store, index: PythonIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.wheel("base", "1.0", files={"base/data.txt": b"data"})
    index.wheel("other", "1.0")
    wanted = ("base", "base\nother", "", "other")
    projects = [make(tmp_path / f"p{number}", requirements=text) for number, text in enumerate(wanted)]
    for project, text in zip(projects, wanted, strict=True):
        if text:
            write_lock(plugin(project.start, requirements="requirements.in"), store, SilentProgress())
    cold, progress = Store(tmp_path / "cold"), RecordedProgress()

    results = package_all(projects, cold, progress)

    assert ("Fetching wheels", 2) in progress.tasks
    assert sorted(progress.items) == ["base 1.0", "other 1.0", "p0", "p1", "p2", "p3"]
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(cold.folder))
    alone = [pipeline.package(project, SilentProgress(), output=tmp_path / "alone") for project in projects]
    assert digests(results) == [one.artifact.sha256 for one in alone]
    again = package_all(projects, cold, SilentProgress())
    assert [isinstance(one.result, PackagedPlugin) and one.result.unchanged for one in again] == [True] * 4


def test_an_unavailable_package_fails_only_the_plugins_that_need_it(
    tmp_path: Path, store: Store, index: PythonIndex
) -> None:
    index.wheel("base", "1.0")
    index.wheel("gone", "1.0")
    projects = [make(tmp_path / name, requirements=name) for name in ("base", "gone")]
    for project in projects:
        write_lock(plugin(project.start, requirements="requirements.in"), store, SilentProgress())
    lock = projects[1].start / "requirements.lock"
    named = read_lock(plugin(projects[1].start, requirements="requirements.in")).packages[0].digest
    lock.write_text(lock.read_text().replace(named, f"sha256:{'0' * 64}"))

    good, bad = package_all(projects, Store(tmp_path / "cold"), SilentProgress())

    assert good.exit_code == 0
    assert isinstance(bad.result, DependencyError)
    assert bad.exit_code == 5


def test_one_broken_plugin_does_not_stop_the_others(tmp_path: Path, store: Store) -> None:
    projects = [make(tmp_path / "bad", handler="x = 1\n"), make(tmp_path / "good")]

    bad, good = package_all(projects, store, SilentProgress())

    assert (bad.exit_code, good.exit_code) == (4, 0)
    assert (tmp_path / "good" / "dist" / "good-1.zip").is_file()
    assert not (tmp_path / "bad" / "dist").exists()


def test_two_plugins_with_the_same_artifact_are_rejected(tmp_path: Path, store: Store) -> None:
    projects = [make(tmp_path / "one", name="same"), make(tmp_path / "two", name="same")]

    first, second = package_all(projects, store, SilentProgress(), output=tmp_path / "out")

    assert first.exit_code == 0
    assert isinstance(second.result, ProjectError)
    assert str(tmp_path / "one" / "plugin.toml") in second.result.message


def test_what_has_not_changed_since_the_last_build_is_found_by_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SOURCE_DATE_EPOCH", "BIOT_PLUGIN_SIGNING_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "store"))
    (tmp_path / "all" / ".git").mkdir(parents=True)
    projects = [make(tmp_path / "all" / f"p{number}") for number in range(4)]
    (projects[3].start / "src" / "index.py").write_text("broken = (\n", "utf-8")
    time.sleep(TICK)  # a build of fresh files is not recorded
    results = package_all(projects, Store(tmp_path / "store"), SilentProgress())

    records = find_last_builds(projects)
    assert [record and record.sha256 for record in records[:3]] == digests(results)[:3]
    assert records[3] is None
    make(tmp_path / "all" / "another")  # beside the others, as in a growing repository
    assert find_last_builds(projects) == records
    (projects[1].start / "src" / "new.py").touch()
    assert find_last_builds(projects) == (records[0], None, records[2], None)
    (tmp_path / "all" / ".gitignore").touch()
    assert find_last_builds(projects) == (None,) * 4
    time.sleep(TICK)
    package_all(projects[:1], Store(tmp_path / "store"), SilentProgress())
    assert find_last_builds(projects[:1]) == records[:1]  # the complete comparison found the same and records it


class Interrupting(SilentProgress):
    """A person who presses Ctrl-C when the first plugin is done."""

    def advance(self, item: str) -> None:
        raise KeyboardInterrupt(item)


def test_an_interrupt_leaves_complete_artifacts_with_their_reports_and_nothing_else(
    tmp_path: Path, store: Store
) -> None:
    projects = [make(tmp_path / f"p{number}") for number in range(20)]

    with pytest.raises(KeyboardInterrupt):
        package_all(projects, store, Interrupting())

    left = [file.name for project in projects for file in (project.start / "dist").glob("*")]
    assert not [name for name in left if name.startswith(".")]
    assert sum(name.endswith(".zip") for name in left) == sum(name.endswith(".report.json") for name in left) >= 1
    assert all(one.exit_code == 0 for one in package_all(projects, store, SilentProgress()))
