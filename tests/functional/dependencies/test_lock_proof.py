"""Incomplete locks are refused, and so are artifacts of incomplete locks."""

from __future__ import annotations

import re
import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder import pipeline
from builder.dependencies import Store, write_lock
from builder.errors import DependencyError
from builder.pipeline import Project
from builder.progress import SilentProgress
from tests.support.machine.tool_settings import use_own_settings
from tests.support.plugins.stage_inputs import plugin
from tests.support.servers.package_registries import PythonIndex, make_wheel, served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("forked_pip")


QUIET = SilentProgress()
TOML = (
    '[plugin]\nname = "sample"\ndisplayName = "S"\nversion = 1\nruntime = "python3.13"\nhandler = "index.handler"\n'
    '[build]\nrequirements = "requirements.in"\n'
)


def add_wheels(index: PythonIndex) -> None:
    shiny = ["Provides-Extra: shiny", "Requires-Dist: base<3", 'Requires-Dist: colour>=1; extra == "shiny"']
    index.wheel("top", "1.0", metadata=shiny)
    index.wheel("base", "2.0")
    index.wheel("colour", "1.5")


@pytest.fixture(scope="module")
def locked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin with a lock of its own making, and the store of that lock."""
    folder = tmp_path_factory.mktemp("locked")
    project = folder / "project"
    project.mkdir()
    (project / "plugin.toml").write_text(TOML)
    (project / "src").mkdir()
    (project / "src" / "index.py").write_text("def handler(event, context):\n    return {}\n")
    (project / "requirements.in").write_text("top[shiny]\n")
    with pytest.MonkeyPatch.context() as patch, served(PythonIndex()) as index:
        use_own_settings(patch, folder / "home")
        patch.setenv("PIP_INDEX_URL", f"{index.url}/simple")
        patch.setenv("BIOT_PLUGIN_STORE", str(folder / "store"))
        add_wheels(index)
        pipeline.lock(project_in(project), QUIET)
    return folder


@pytest.fixture
def sample(
    locked_once: Path, project: Path, store: Store, index: PythonIndex, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """A copy of the plugin: ``top[shiny]`` brings ``base`` and ``colour``."""
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(store.folder))
    shutil.copytree(locked_once / "project", project, dirs_exist_ok=True)
    shutil.copytree(locked_once / "store", store.folder)
    add_wheels(index)
    return project_in(project)


def project_in(folder: Path) -> Project:
    return Project(start=folder, environment=None, today=date(2026, 11, 20))


def without(project: Path, name: str) -> None:
    lock = project / "requirements.lock"
    lock.write_text(re.sub(rf"^{name}==.*\n", "", lock.read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("top", "top is missing: requirements.in requires top[shiny]."),
        ("base", "base is missing: top 1.0 requires base<3."),
        ("colour", "colour is missing: top[shiny] 1.0 requires colour>=1."),
    ],
)
def test_a_removed_pin_stops_the_build_even_with_an_existing_artifact(sample: Project, name: str, message: str) -> None:
    whole = pipeline.package(sample, QUIET)
    without(sample.start, name)
    for _ in range(2):  # the second time it is known from the first
        with pytest.raises(DependencyError, match="is not complete") as caught:
            pipeline.package(sample, QUIET)
        assert message in [problem.message for problem in caught.value.problems]
        assert "biot-plugin lock" in caught.value.hint
    pipeline.lock(sample, QUIET)
    assert pipeline.package(sample, QUIET).artifact.sha256 == whole.artifact.sha256


def test_verify_rejects_an_artifact_of_an_incomplete_lock(sample: Project) -> None:
    artifact = pipeline.package(sample, QUIET).artifact.file
    assert not pipeline.verify(artifact, sample, QUIET).differences
    without(sample.start, "colour")
    try:
        seen = pipeline.verify(artifact, sample, QUIET)
    except DependencyError:
        return
    assert seen.differences


def test_an_extra_that_does_not_exist_is_refused_before_a_lock_is_written(sample: Project) -> None:
    before = (sample.start / "requirements.lock").read_text()
    (sample.start / "requirements.in").write_text("top[shinny]\n")
    with pytest.raises(DependencyError) as caught:
        pipeline.lock(sample, QUIET)
    (problem,) = caught.value.problems
    assert (problem.file, problem.message) == ("requirements.in", "top 1.0 has no extra 'shinny'. It has shiny.")
    assert (sample.start / "requirements.lock").read_text() == before


def test_a_wheel_that_requires_more_than_its_release_is_refused(
    project: Path, store: Store, index: PythonIndex
) -> None:
    index.wheel("base", "2.0")
    plain = index.wheel("top", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    (project / "requirements.in").write_text("top\nbase\n")
    manifest = plugin(project, requirements="requirements.in")
    write_lock(manifest, store, QUIET)
    lock = project / "requirements.lock"
    filename, data = make_wheel("top", "1.0", metadata=["Requires-Dist: late"])
    other = index.add(filename, data)
    with store.work_folder() as folder:
        (folder / filename).write_bytes(data)
        store.add(other.removeprefix("sha256:"), folder / filename)
    lock.write_text(
        lock.read_text().replace(plain, other).replace("-cp313-cp313-manylinux_2_17_x86_64", "-py3-none-any")
    )
    with pytest.raises(DependencyError) as caught:
        write_lock(manifest, store, QUIET)
    assert [problem.message for problem in caught.value.problems] == ["late is missing: top 1.0 requires late."]


def test_an_unneeded_pin_is_reported_by_every_build(sample: Project, index: PythonIndex) -> None:
    digest = index.wheel("idle", "1.0")
    lock = sample.start / "requirements.lock"
    lock.write_text(f"{lock.read_text()}idle==1.0 --hash={digest}\n")
    for unchanged in (False, True):
        done = pipeline.package(sample, QUIET)
        assert done.unchanged is unchanged
        assert "Nothing requires idle 1.0." in [warning.message for warning in done.warnings]
