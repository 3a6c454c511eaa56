"""``[build] allow-sdist``: packages without a wheel, and what their builds can see."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from builder.archive.reader import read_content
from builder.cli.app import run
from builder.dependencies import Store, collect, read_lock, write_lock
from builder.errors import DependencyError
from tests.support.plugins.source_packages import make_sdist
from tests.support.plugins.stage_inputs import RecordedProgress, plugin
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from pathlib import Path

    from builder.manifest.model import Manifest
    from tests.support.servers.package_registries import PythonIndex

pytestmark = pytest.mark.usefixtures("forked_pip")


MANIFEST = '[plugin]\nname = "sample"\ndisplayName = "S"\nversion = 1\nruntime = "python3.13"\n'


def allowing(project: Path, *names: str, wanted: tuple[str, ...] = ("Plain.Thing",)) -> Manifest:
    listed = ", ".join(f'"{one}"' for one in wanted)
    (project / "pyproject.toml").write_text(f'[project]\nname = "p"\nversion = "1"\ndependencies = [{listed}]\n')
    manifest = plugin(project)
    return replace(manifest, build=replace(manifest.build, allow_sdist=names))


def built_text(manifest: Manifest, store: Store, recorded: RecordedProgress | None = None) -> str:
    """The one module of the one package, as it would go into an artifact."""
    (pack,) = collect(read_lock(manifest), manifest, store, recorded or RecordedProgress())
    return next(read_content(pack.file, one).decode() for one in pack.members if one.path.endswith(".py"))


@pytest.mark.exhaustive
def test_a_built_wheel_is_pinned_listed_and_equal_on_another_machine(
    project: Path, tmp_path: Path, index: PythonIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdist = index.add(*make_sdist("plain-thing"))
    (project / ".git").mkdir()
    (project / "src").mkdir()
    (project / "src" / "index.py").write_text("def handler(event, context):\n    return 1\n")
    (project / "plugin.toml").write_text(MANIFEST + '[build]\nallow-sdist = ["Plain.Thing"]\n')
    allowing(project)
    monkeypatch.chdir(project)
    artifacts = []
    for machine in ("first", "second"):
        monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / machine))
        assert machine == "second" or run(["lock"]) == 0
        assert run(["package", "-o", str(tmp_path / f"{machine} out")]) == 0
        artifacts.append((tmp_path / f"{machine} out" / "sample-1.zip").read_bytes())
    assert artifacts[0] == artifacts[1]

    lock = (project / "requirements.lock").read_text()
    source = re.search(r"^# built from (.*)$", lock, re.MULTILINE)
    assert source is not None
    assert re.fullmatch(rf"plain_thing-1\.0\.tar\.gz {sdist} by own-backend \d+", source[1])
    report = json.loads((tmp_path / "second out" / "sample-1.report.json").read_bytes())
    assert [row["builtFromSource"] for row in report["packages"] if row["name"] == "plain-thing"] == [source[1]]
    sbom = json.loads((tmp_path / "second out" / "sample-1.cdx.json").read_bytes())
    assert {"name": "biot-plugin-kit:built-from-source", "value": source[1]} in sbom["components"][0]["properties"]
    index.requests.clear()
    assert run(["verify", "--rebuild", str(tmp_path / "first out" / "sample-1.zip")]) == 0
    assert index.requests == []


@pytest.mark.exhaustive
def test_a_build_sees_only_the_index_settings_of_the_operator(
    project: Path, store: Store, index: PythonIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("BIOT_TOKEN", "secret")
    monkeypatch.setenv("COMPANY_TOKEN", "secret")
    (project / "setup.cfg").write_text("[install]\nprefix = /elsewhere\n")
    index.add(*make_sdist("plain-thing", content="return repr((sorted(os.environ.items()), os.getcwd()))"))
    # What the build sees is in what it builds, so two builds differ; the first is looked at.
    manifest = allowing(project, "plain-thing")
    write_lock(manifest, store, RecordedProgress())

    seen = built_text(manifest, store)
    assert "secret" not in seen
    assert not re.search(r"'(AWS|BIOT|COMPANY)_", seen)
    assert "('SOURCE_DATE_EPOCH', '315532800')" in seen
    assert index.url in seen
    assert str(project) not in seen


@pytest.mark.exhaustive
def test_a_locked_package_is_not_built_again_and_a_different_file_is_an_error(
    project: Path, tmp_path: Path, index: PythonIndex
) -> None:
    index.add(*make_sdist("plain-thing", content="return repr(os.urandom(8))"))
    manifest, store = allowing(project, "plain-thing"), Store(tmp_path / "first")
    write_lock(manifest, store, RecordedProgress())
    before, recorded = (project / "requirements.lock").read_text(), RecordedProgress()

    write_lock(allowing(project, "plain-thing", "Never_Asked"), store, recorded)
    assert (project / "requirements.lock").read_text() == before
    assert recorded.notes == ["[build] allow-sdist lists never-asked, which is not a dependency."]
    with pytest.raises(DependencyError, match="plain-thing built from source") as caught:
        read_lock(allowing(project))
    assert caught.value.setting == '[build]\nallow-sdist = ["plain-thing"]'

    assert built_text(manifest, store).startswith(("b'", 'b"'))
    with pytest.raises(DependencyError, match=r"differs from the wheel in requirements\.lock"):
        collect(read_lock(manifest), manifest, Store(tmp_path / "second"), RecordedProgress())
    marker = tmp_path / "ran"
    index.add(*make_sdist("plain-thing", content=f"open({str(marker)!r}, 'w')"))
    with pytest.raises(DependencyError, match=r"a different file than requirements\.lock was made from"):
        collect(read_lock(manifest), manifest, Store(tmp_path / "second"), RecordedProgress())
    assert not marker.exists()


def test_native_code_built_here_is_refused(project: Path, store: Store, index: PythonIndex) -> None:
    index.add(*make_sdist("plain-thing", tag="cp313-cp313-linux_x86_64"))
    with pytest.raises(DependencyError, match="contains native code") as caught:
        write_lock(allowing(project, "plain-thing"), store, RecordedProgress())
    assert "build a manylinux wheel" in caught.value.hint
    assert not (project / "requirements.lock").exists()


@pytest.mark.parametrize("metadata", exhaustive_after(1, ["2.2", "2.1"]))
def test_a_failed_build_shows_its_own_error(metadata: str, project: Path, store: Store, index: PythonIndex) -> None:
    index.add(*make_sdist("plain-thing", content='raise RuntimeError("libfoo is missing")', metadata=metadata))
    with pytest.raises(DependencyError, match=r"plain-thing.*libfoo is missing"):
        write_lock(allowing(project, "plain-thing"), store, RecordedProgress())


@pytest.mark.parametrize("wanted", exhaustive_after(1, [(("plain-thing", "other"),), (("plain-thing",),)]))
def test_no_other_packages_code_is_run(
    wanted: tuple[str, ...], project: Path, store: Store, tmp_path: Path, index: PythonIndex
) -> None:
    """Neither another dependency nor a build tool is built from source."""
    marker = tmp_path / "ran"
    requires = ("other",) if wanted == ("plain-thing",) else ()
    index.add(*make_sdist("plain-thing", requires=requires))
    index.add(*make_sdist("other", content=f"open({str(marker)!r}, 'w').close(); return ''"))

    with pytest.raises(DependencyError):
        write_lock(allowing(project, "plain-thing", wanted=wanted), store, RecordedProgress())
    assert not marker.exists()


def test_npm_packages_are_never_built(project: Path) -> None:
    manifest = plugin(project, "nodejs22.x")
    with pytest.raises(DependencyError, match="npm packages are never built"):
        read_lock(replace(manifest, build=replace(manifest.build, allow_sdist=("a",))))
