"""Python: from requirements to packs, with an index on loopback."""

from __future__ import annotations

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from builder.dependencies import Store, collect, read_lock, write_lock
from builder.errors import DependencyError, KitError
from builder.progress import SilentProgress
from tests.support.machine.tool_settings import use_own_settings
from tests.support.plugins.source_packages import make_sdist
from tests.support.plugins.stage_inputs import RecordedProgress, plugin
from tests.support.repetitions import exhaustive_after
from tests.support.servers.package_registries import PythonIndex, make_wheel, served

if TYPE_CHECKING:
    from pathlib import Path

    from builder.manifest.model import Manifest
    from tests.support.servers.package_registries import Registry

pytestmark = pytest.mark.usefixtures("forked_pip")


QUIET = SilentProgress()


def ask(project: Path, *lines: str) -> None:
    (project / "requirements.in").write_text("".join(f"{line}\n" for line in lines))


def full_text(error: KitError) -> str:
    parts = [error.message, error.hint]
    parts += [f"{problem.where} {problem.message} {problem.hint} {problem.setting}" for problem in error.problems]
    return "\n".join(parts)


def lock_text(project: Path) -> str:
    return (project / "requirements.lock").read_text()


@pytest.fixture(scope="module")
def locked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with ``base 1.0``, locked, and the store of that lock."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "project").mkdir()
    ask(folder / "project", "base")
    with pytest.MonkeyPatch.context() as patch, served(PythonIndex()) as index:
        use_own_settings(patch, folder / "home")
        patch.setenv("PIP_INDEX_URL", f"{index.url}/simple")
        index.wheel("base", "1.0")
        write_lock(plugin(folder / "project", requirements="requirements.in"), Store(folder / "store"), QUIET)
    return folder


@pytest.fixture
def locked_base(locked_once: Path, project: Path, store: Store, index: PythonIndex) -> Manifest:
    """A copy of the locked project and its store, and an index that has the same wheel."""
    shutil.copytree(locked_once / "project", project, dirs_exist_ok=True)
    shutil.copytree(locked_once / "store", store.folder)
    index.wheel("base", "1.0")
    return plugin(project, requirements="requirements.in")


def test_a_lock_has_one_hash_per_package_and_no_address(project: Path, store: Store, index: PythonIndex) -> None:
    base = index.wheel("base", "1.0")
    index.wheel("base", "2.0", tag="cp313-cp313-win_amd64")
    top = index.wheel("Top.Level", "3.1", metadata=["Requires-Dist: base<2"])
    ask(project, "top_level >= 3")
    manifest = plugin(project, requirements="requirements.in")
    result = write_lock(manifest, store, QUIET)
    assert [f"{change.name} {change.after}" for change in result.added] == ["base ('1.0',)", "top-level ('3.1',)"]
    text = lock_text(project)
    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        f"base==1.0 --hash={base}",
        f"top-level==3.1 --hash={top}",
    ]
    assert "# base-1.0-py3-none-any.whl" in text
    assert "://" not in text
    assert [package.name for package in read_lock(manifest).packages] == ["base", "top-level"]


def test_a_warm_store_uses_no_index_and_a_cold_one_fetches_by_hash(
    project: Path, store: Store, index: PythonIndex, tmp_path: Path
) -> None:
    index.wheel("base", "1.0", files={"base/data.txt": b"data"})
    ask(project, "base")
    manifest = plugin(project, requirements="requirements.in")
    write_lock(manifest, store, QUIET)
    request_count = len(index.requests)
    (pack,) = collect(read_lock(manifest), manifest, store, QUIET)
    assert len(index.requests) == request_count
    assert [member.path for member in pack.members if member.path.startswith("base/")] == [
        "base/__init__.py",
        "base/data.txt",
    ]
    progress = RecordedProgress()
    (other,) = collect(read_lock(manifest), manifest, Store(tmp_path / "cold"), progress)
    assert other.members == pack.members
    assert (progress.tasks, progress.items) == ([("Fetching wheels", 1)], ["base 1.0"])
    assert len(index.requests) > request_count


@pytest.mark.parametrize("harm", exhaustive_after(1, ["flip", "cut", "remove"]))
def test_a_damaged_pack_is_fetched_again_and_never_used(locked_base: Manifest, store: Store, harm: str) -> None:
    lock = read_lock(locked_base)
    (sound,) = collect(lock, locked_base, store, QUIET)
    data = sound.file.read_bytes()
    if harm == "remove":
        sound.file.unlink()
    else:
        sound.file.write_bytes(data[:-1] if harm == "cut" else bytes([*data[:40], data[40] ^ 1, *data[41:]]))
    (healed,) = collect(lock, locked_base, store, QUIET)
    assert healed == sound
    assert healed.file.read_bytes() == data


@pytest.mark.parametrize("harm", [b"", b"0" * 64 + b"\n{}", None], ids=["empty", "forged", "missing"])
def test_a_damaged_index_is_rebuilt_from_the_pack_without_the_network(
    locked_base: Manifest, store: Store, index: PythonIndex, harm: bytes | None
) -> None:
    lock = read_lock(locked_base)
    (sound,) = collect(lock, locked_base, store, QUIET)
    beside = sound.file.with_suffix(".index")
    if harm is None:
        beside.unlink()
    else:
        beside.write_bytes(harm)
    request_count = len(index.requests)
    assert collect(lock, locked_base, store, QUIET) == (sound,)
    assert beside.stat().st_size > 100
    assert len(index.requests) == request_count


def test_option_lines_and_project_settings_do_not_change_the_index(
    project: Path, store: Store, index: PythonIndex, canary: Registry
) -> None:
    index.wheel("base", "1.0")
    where = f"{canary.url}/simple"
    options = (
        f"--index-url {where}",
        f"--extra-index-url={where}",
        f"-f {where}",
        "--pre",
        "--no-binary :all:",
        "-e .",
    )
    ask(project, *options, "base")
    for name, text in (
        ("pip.conf", f"[global]\nindex-url = {where}\n"),
        ("uv.toml", f'index-url = "{where}"\n'),
        ("pyproject.toml", f'[[tool.uv.index]]\nurl = "{where}"\ndefault = true\n'),
    ):
        (project / name).write_text(text)
    manifest = plugin(project, requirements="requirements.in")
    progress = RecordedProgress()
    write_lock(manifest, store, progress)
    collect(read_lock(manifest), manifest, Store(project / "inner-store"), progress)
    assert canary.requests == []
    assert len([note for note in progress.notes if note.startswith("requirements.in:")]) == len(options)
    assert len([note for note in progress.notes if "pip.conf" in note or "uv.toml" in note or "[tool.uv]" in note]) == 3


def test_a_replaced_file_of_the_same_version_is_refused(
    locked_base: Manifest, index: PythonIndex, tmp_path: Path
) -> None:
    index.wheel("base", "1.0", files={"base/more.py": b"evil = True\n"})
    with pytest.raises(DependencyError, match=r"has a different file than requirements\.lock pins") as caught:
        collect(read_lock(locked_base), locked_base, Store(tmp_path / "cold"), QUIET)
    assert "base" in caught.value.message
    assert not list((tmp_path / "cold").rglob("*.zip"))


@pytest.mark.parametrize("tag", exhaustive_after(1, ["cp313-cp313-win_amd64", "cp312-cp312-manylinux_2_17_x86_64"]))
def test_a_hash_of_another_platforms_wheel_is_explained(
    project: Path, store: Store, index: PythonIndex, tmp_path: Path, tag: str
) -> None:
    right = index.wheel("native", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    foreign = index.wheel("native", "1.0", tag=tag)
    ask(project, "native")
    manifest = plugin(project, requirements="requirements.in")
    write_lock(manifest, store, QUIET)
    (project / "requirements.lock").write_text(lock_text(project).replace(right, foreign))
    with pytest.raises(DependencyError, match="belongs to a file for another platform or Python") as caught:
        collect(read_lock(manifest), manifest, Store(tmp_path / "cold"), QUIET)
    assert "native 1.0" in caught.value.message
    assert "Run `biot-plugin lock`" in caught.value.hint
    write_lock(manifest, store, QUIET)
    assert right in lock_text(project)


@pytest.mark.exhaustive
def test_an_unpublished_file_is_not_explained_as_another_platforms_wheel(
    project: Path, store: Store, index: PythonIndex, tmp_path: Path
) -> None:
    right = index.wheel("native", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    index.wheel("native", "1.0", tag="cp313-cp313-win_amd64")
    ask(project, "native")
    manifest = plugin(project, requirements="requirements.in")
    write_lock(manifest, store, QUIET)
    path = "/files/native-1.0-cp313-cp313-manylinux_2_17_x86_64.whl"
    kind, data = index.pages[path]
    index.pages[path] = (kind, data + b"tampered")
    with pytest.raises(DependencyError, match="has a different file") as caught:
        collect(read_lock(manifest), manifest, Store(tmp_path / "cold"), QUIET)
    assert "Find out why before you ship it" in caught.value.hint
    assert right in lock_text(project)


def test_a_package_with_wheels_for_another_runtime_is_not_called_source_only(
    project: Path, store: Store, index: PythonIndex
) -> None:
    index.wheel("native", "1.0", tag="cp312-cp312-manylinux_2_17_x86_64")
    index.wheel("native", "2.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    index.add(*make_sdist("native"))
    ask(project, "native==1.0")
    with pytest.raises(DependencyError) as caught:
        write_lock(plugin(project, requirements="requirements.in"), store, QUIET)
    (problem,) = caught.value.problems
    assert problem.message == "native 1.0 has no wheel for python3.13; it has one for python3.12."
    assert "native 2.0" in problem.hint


def test_two_runtimes_take_different_wheels_of_different_versions(
    project: Path, store: Store, index: PythonIndex
) -> None:
    index.wheel("native", "1.0", tag="cp311-cp311-manylinux_2_17_x86_64")
    index.wheel("native", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    index.wheel("native", "2.0", tag="cp311-cp311-manylinux_2_28_x86_64")
    index.wheel("native", "2.0", tag="cp313-cp313-manylinux_2_28_x86_64")
    index.wheel("native", "2.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    index.wheel("native", "3.0", tag="cp313-cp313-manylinux_2_39_x86_64")
    ask(project, "native")
    chosen = {}
    for runtime in ("python3.11", "python3.13"):
        write_lock(plugin(project, runtime, requirements="requirements.in"), store, QUIET)
        chosen[runtime] = re.findall(r"# (\S+\.whl)", lock_text(project))
        (project / "requirements.lock").unlink()
    assert chosen == {
        "python3.11": ["native-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"],
        "python3.13": ["native-2.0-cp313-cp313-manylinux_2_28_x86_64.whl"],
    }


@pytest.mark.exhaustive
def test_glibc_2_26_gets_a_wheel_between_the_two_platforms_that_uv_supports(
    project: Path, store: Store, index: PythonIndex
) -> None:
    index.wheel("native", "1.0", tag="cp311-cp311-manylinux_2_17_x86_64")
    index.wheel("native", "1.0", tag="cp311-cp311-manylinux_2_26_x86_64")
    ask(project, "native")
    write_lock(plugin(project, "python3.11", requirements="requirements.in"), store, QUIET)
    assert "native-1.0-cp311-cp311-manylinux_2_26_x86_64.whl" in lock_text(project)


def test_markers_are_evaluated_for_the_runtime(project: Path, store: Store, index: PythonIndex) -> None:
    for name in ("on-313", "on-linux", "on-windows", "old-only"):
        index.wheel(name, "1.0")
    index.wheel(
        "top",
        "1.0",
        metadata=[
            "Requires-Dist: on-linux; sys_platform == 'linux'",
            "Requires-Dist: on-windows; sys_platform == 'win32'",
        ],
    )
    ask(project, "top", "on-313; python_version >= '3.13'", "old-only; python_version < '3.13'")
    manifest = plugin(project, requirements="requirements.in")
    write_lock(manifest, store, QUIET)
    assert [package.name for package in read_lock(manifest).packages] == ["on-313", "on-linux", "top"]


def test_locking_again_keeps_versions_without_upgrade(
    locked_base: Manifest, project: Path, store: Store, index: PythonIndex
) -> None:
    before = lock_text(project)
    index.wheel("base", "1.1")
    result = write_lock(locked_base, store, QUIET)
    assert (lock_text(project), result.changed) == (before, ())
    result = write_lock(locked_base, store, QUIET, upgrade=True)
    assert [(one.name, one.before, one.after) for one in result.changed] == [("base", ("1.0",), ("1.1",))]


def test_the_dev_lock_has_the_versions_that_ship_for_every_platform(
    project: Path, store: Store, index: PythonIndex
) -> None:
    index.wheel("base", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    index.wheel("base", "1.0", tag="cp313-cp313-macosx_11_0_arm64")
    index.wheel("checker", "5.0", metadata=["Requires-Dist: base", "Requires-Dist: colour; sys_platform == 'win32'"])
    index.wheel("colour", "1.0")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "sample"\nversion = "0"\ndependencies = ["base"]\n'
        '[dependency-groups]\ndev = ["checker>=5", {include-group = "more"}]\n'
        "more = [\"colour; sys_platform == 'win32'\"]\n"
    )
    manifest = plugin(project)
    write_lock(manifest, store, QUIET)
    index.wheel("base", "1.1")
    result = write_lock(manifest, store, QUIET)
    assert [file.name for file in result.files] == ["requirements.lock", "requirements-dev.lock"]
    text = (project / "requirements-dev.lock").read_text()
    assert re.findall(r"^(\S+==\S+)", text, re.MULTILINE) == ["base==1.0", "checker==5.0", "colour==1.0"]
    assert text.count("--hash=sha256:") == 4
    assert "://" not in text


@pytest.mark.exhaustive
def test_the_dev_lock_starts_at_the_runtimes_python_if_a_shipped_package_needs_it(
    project: Path, store: Store, index: PythonIndex
) -> None:
    index.wheel("base", "1.0", metadata=["Requires-Python: >=3.13"])
    index.wheel("checker", "5.0")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "sample"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["base"]\n'
        '[dependency-groups]\ndev = ["checker"]\n'
    )
    progress = RecordedProgress()
    write_lock(plugin(project), store, progress)
    assert "base==1.0" in (project / "requirements-dev.lock").read_text()
    assert [note for note in progress.notes if "for Python 3.13 and later" in note] != []


@pytest.mark.exhaustive
def test_older_pythons_get_the_newest_release_that_installs_there(
    project: Path, store: Store, index: PythonIndex
) -> None:
    index.wheel("base", "1.0", metadata=["Requires-Python: >=3.10"])
    index.wheel("base", "2.0", metadata=["Requires-Python: >=3.11"])
    index.wheel("base", "3.0", metadata=["Requires-Python: >=3.12"])
    index.wheel("other", "1.0")
    index.wheel("checker", "5.0")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "sample"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["base", "other"]\n'
        '[dependency-groups]\ndev = ["checker"]\n'
    )
    progress = RecordedProgress()
    write_lock(plugin(project), store, progress)
    index.wheel("other", "2.0")

    text = (project / "requirements-dev.lock").read_text()

    assert re.findall(r"^(\S+==\S+) ?(;[^\\\n]+)?", text, re.MULTILINE) == [
        ("base==2.0", "; python_full_version < '3.12' "),
        ("base==3.0", "; python_full_version >= '3.12' "),
        ("checker==5.0", ""),
        ("other==1.0", ""),
    ]
    assert [note for note in progress.notes if "tests run with" in note] == [
        "If python_full_version < '3.12', tests run with base 2.0; base 3.0, which ships, does not install there."
    ]


@pytest.mark.parametrize("group", ['["checker", {include-group = "none"}]', '[{include-group = "dev"}]', "[1]", '"a"'])
def test_an_invalid_dev_group_is_reported(project: Path, store: Store, index: PythonIndex, group: str) -> None:
    index.wheel("base", "1.0")
    (project / "pyproject.toml").write_text(f"[project]\ndependencies = []\n[dependency-groups]\ndev = {group}\n")
    with pytest.raises(DependencyError, match=r"dependency-groups\.dev is not valid"):
        write_lock(plugin(project), store, QUIET)


@pytest.mark.exhaustive
def test_hash_options_limit_the_pinned_files(project: Path, store: Store, index: PythonIndex) -> None:
    trusted = index.wheel("base", "1.0", tag="cp313-none-any")
    index.wheel("base", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    ask(project, "base==1.0 \\", f"    --hash={trusted}")
    write_lock(plugin(project, requirements="requirements.in"), store, QUIET)
    assert f"base==1.0 --hash={trusted}" in lock_text(project)
    ask(project, f"base==1.0 --hash=sha256:{'0' * 64}")
    with pytest.raises(DependencyError, match=r"no file of base 1\.0 with a hash in the requirements"):
        write_lock(plugin(project, requirements="requirements.in"), store, QUIET)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("source-only", ["source-only is published as source only", 'allow-sdist = ["source-only"]']),
        ("windows", ["windows 1.0 has no wheel for python3.13 (x86_64, glibc 2.34)", "win_amd64"]),
        ("older", ["older 1.0 has no wheel for python3.13", "it has wheels for python3.11"]),
        ("newer-glibc", ["newer-glibc 1.0 has no wheel", "it has wheels for glibc 2.39"]),
        ("nowhere", ["nowhere is not in the package index", "spelling"]),
        ("base>5", ["base>5"]),
    ],
)
def test_unavailable_packages_are_named_with_a_fix(
    project: Path, store: Store, index: PythonIndex, wanted: str, words: list[str]
) -> None:
    index.wheel("base", "1.0")
    index.add("source_only-1.0.tar.gz", b"not even a tarball")
    index.wheel("windows", "1.0", tag="py3-none-win_amd64")
    index.wheel("older", "1.0", tag="cp311-cp311-manylinux_2_17_x86_64")
    index.wheel("newer-glibc", "1.0", tag="cp313-cp313-manylinux_2_39_x86_64")
    ask(project, wanted)
    with pytest.raises(DependencyError) as caught:
        write_lock(plugin(project, requirements="requirements.in"), store, QUIET)
    assert [word for word in words if word not in full_text(caught.value)] == []
    assert not (project / "requirements.lock").exists()


def test_an_unreachable_index_is_reported_by_lock_and_by_package(
    locked_base: Manifest, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret-word@127.0.0.1:9/simple")
    with pytest.raises(DependencyError, match="is unreachable") as locking:
        write_lock(locked_base, store, QUIET)
    with pytest.raises(DependencyError, match="is unreachable") as fetching:
        collect(read_lock(locked_base), locked_base, Store(tmp_path / "cold"), QUIET)
    assert "secret-word" not in full_text(locking.value) + full_text(fetching.value)


@pytest.mark.exhaustive
def test_two_builds_can_fill_one_store_at_once(project: Path, store: Store, index: PythonIndex, tmp_path: Path) -> None:
    for number in range(9):
        index.wheel(f"part{number}", "1.0", files={"shared.txt": b"x" * 100_000})
    ask(project, *(f"part{number}" for number in range(9)))
    manifest = plugin(project, requirements="requirements.in")
    write_lock(manifest, store, QUIET)
    lock, shared = read_lock(manifest), Store(tmp_path / "shared")
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: collect(lock, manifest, shared, QUIET), range(2))
    assert first == second
    assert not list((shared.folder / "work").iterdir())


def test_an_ambiguous_wheel_is_refused(project: Path, store: Store, index: PythonIndex) -> None:
    name, data = make_wheel("base", "1.0")
    index.add(name, data + b"trailing")
    ask(project, "base")
    with pytest.raises(DependencyError, match="not a valid wheel"):
        write_lock(plugin(project, requirements="requirements.in"), store, QUIET)


def test_an_index_configured_only_for_uv_is_used_by_pip_too(
    project: Path, store: Store, index: PythonIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.wheel("base", "1.0")
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{index.url}/simple")
    ask(project, "base")
    assert write_lock(plugin(project, requirements="requirements.in"), store, QUIET).packages == 1
