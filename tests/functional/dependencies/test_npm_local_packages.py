"""Packages of the repository are packaged from there and never looked up in a registry."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder.dependencies import read_lock, refuse_incomplete_lock, write_lock
from builder.errors import DependencyError, KitError
from builder.pipeline import Project, check, package
from builder.progress import SilentProgress
from tests.support.plugins.stage_inputs import plugin
from tests.support.repetitions import exhaustive_after
from tests.support.servers.package_registries import make_tarball

if TYPE_CHECKING:
    from pathlib import Path

    from builder.dependencies import Store
    from tests.support.servers.package_registries import NpmRegistry

QUIET = SilentProgress()
MANIFEST = '[plugin]\nname = "sample"\ndisplayName = "Sample"\nversion = 1\nruntime = "nodejs22.x"\n'
TODAY = date(2026, 11, 20)


def write(folder: Path, files: dict[str, object]) -> None:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content))


def described(name: str, version: str = "1.0.0", **fields: object) -> dict[str, object]:
    return {"name": name, "version": version, **fields}


@pytest.fixture
def repository(project: Path, registry: NpmRegistry, store: Store, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin with two workspaces, and a registry where somebody else published packages of their names."""
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(store.folder))
    (project / ".git").mkdir()
    for name in ("inner", "@own/other", "beside", "packed"):
        registry.package(name, "9.9.9", files={"index.js": b"steal();\n"})
    registry.package("base", "1.0.0")
    registry.package("base", "2.0.0")
    write(
        project,
        {
            "plugin.toml": MANIFEST,
            "src/index.mjs": "import inner from 'inner';\nexport const handler = async () => inner;\n",
            "package.json": described(
                "sample", workspaces=["packages/*"], dependencies={"inner": "*", "base": "1.0.0"}
            ),
            "packages/inner/package.json": described("inner", dependencies={"@own/other": "^1.0.0"}),
            "packages/inner/index.js": "module.exports = 'inner';\n",
            "packages/inner/node_modules/left/index.js": "left over\n",
            "packages/other/package.json": described("@own/other", "1.2.0", dependencies={"base": "2.0.0"}),
            "packages/other/index.js": "module.exports = 'other';\n",
        },
    )
    return project


def asked_for(registry: NpmRegistry) -> set[str]:
    return {path for path in registry.requests if any(name in path for name in ("inner", "own", "beside", "packed"))}


def packaged(folder: Path) -> dict[str, bytes]:
    done = package(Project(start=folder, environment=None, today=TODAY), QUIET)
    with zipfile.ZipFile(done.artifact.file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("upgrade", exhaustive_after(1, [False, True]))
def test_workspaces_are_packaged_from_the_repository(
    upgrade: bool, repository: Path, store: Store, registry: NpmRegistry
) -> None:
    manifest = plugin(repository, "nodejs22.x")
    for _ in range(2):  # without a lock, and with a correct one
        write_lock(manifest, store, QUIET, upgrade=upgrade)
        entries = json.loads((repository / "package-lock.json").read_text())["packages"]
        assert entries["node_modules/inner"] == {"resolved": "packages/inner", "link": True}
        assert entries["node_modules/@own/other"] == {"resolved": "packages/other", "link": True}
    files = packaged(repository)
    assert files["node_modules/inner/index.js"] == b"module.exports = 'inner';\n"
    assert files["node_modules/@own/other/index.js"] == b"module.exports = 'other';\n"
    assert json.loads(files["node_modules/base/package.json"])["version"] == "1.0.0"
    nested = files["node_modules/@own/other/node_modules/base/package.json"]
    assert json.loads(nested)["version"] == "2.0.0"
    assert not any("left" in path for path in files)
    assert asked_for(registry) == set()


def test_a_change_in_a_workspace_is_packaged_and_a_secret_in_it_refused(repository: Path, store: Store) -> None:
    write_lock(plugin(repository, "nodejs22.x"), store, QUIET)
    packaged(repository)
    project = Project(start=repository, environment=None, today=TODAY)
    assert package(project, QUIET).unchanged
    write(repository, {"packages/other/index.js": "module.exports = 'new';\n"})
    assert packaged(repository)["node_modules/@own/other/index.js"] == b"module.exports = 'new';\n"
    write(repository, {"packages/other/key.js": "const key = 'AKIA" + "QYLPMN5HHHFPZAM2';\n"})
    for stage in (lambda: check(project), lambda: package(project, QUIET)):
        with pytest.raises(KitError) as caught:
            stage()
        assert any("packages/other/key.js" in str(problem.file) for problem in caught.value.problems)


def test_folders_and_tarballs_required_by_file_are_packaged(
    repository: Path, store: Store, registry: NpmRegistry
) -> None:
    tarball = make_tarball({"package/package.json": b'{"name": "packed", "version": "3.0.0"}', "package/a.js": b"a\n"})
    write(
        repository,
        {
            "package.json": described(
                "sample", dependencies={"beside": "file:lib/beside", "packed": "./lib/packed.tgz"}
            ),
            "lib/beside/package.json": described("beside", dependencies={"deep": "file:../deep"}),
            "lib/beside/index.js": "beside\n",
            "lib/deep/package.json": described("deep"),
            "lib/packed.tgz": tarball,
            "src/index.mjs": "import 'beside';\nexport const handler = async () => 1;\n",
        },
    )
    write_lock(plugin(repository, "nodejs22.x"), store, QUIET)
    files = packaged(repository)
    assert files["node_modules/beside/index.js"] == b"beside\n"
    assert files["node_modules/packed/a.js"] == b"a\n"
    assert any(path.endswith("node_modules/deep/package.json") for path in files)
    assert asked_for(registry) == set()
    write(repository, {"lib/packed.tgz": make_tarball({"package/package.json": b"{}"})})
    (repository / "dist/sample-1.zip").unlink()
    for pack in store.folder.rglob("*.zip"):
        pack.unlink()
    with pytest.raises(DependencyError, match=r"packed\.tgz is not the file"):
        packaged(repository)


REFUSED = {
    "a workspace of another version": (
        described("sample", workspaces=["packages/*"], dependencies={"inner": "^9"}),
        "1.0.0",
    ),
    "the workspace protocol": (
        described("sample", workspaces=["packages/*"], dependencies={"inner": "workspace:*"}),
        "*",
    ),
    "a link": (described("sample", dependencies={"inner": "link:packages/inner"}), "address"),
    "outside the repository": (described("sample", dependencies={"a": "file:../../a"}), "outside the repository"),
    "a folder that is not there": (described("sample", dependencies={"a": "file:gone"}), "does not exist"),
    "the plugin itself": (described("sample", dependencies={"a": "file:."}), "the plugin itself"),
    "no tarball": (described("sample", dependencies={"a": "file:plugin.toml"}), "neither a folder nor a tarball"),
    "braces": (described("sample", workspaces=["packages/{a,b}"]), "does not support the workspaces pattern"),
}


@pytest.mark.parametrize(("package_json", "words"), REFUSED.values(), ids=REFUSED)
def test_invalid_local_packages_are_refused_before_npm_starts(
    package_json: dict[str, object], words: str, repository: Path, store: Store, registry: NpmRegistry
) -> None:
    write(repository, {"package.json": package_json})
    with pytest.raises(DependencyError) as caught:
        write_lock(plugin(repository, "nodejs22.x"), store, QUIET)
    assert any(words in f"{problem.message} {problem.hint}" for problem in caught.value.problems)
    assert registry.requests == []


def test_a_registry_package_never_replaces_a_workspace(repository: Path, store: Store, registry: NpmRegistry) -> None:
    manifest = plugin(repository, "nodejs22.x")
    integrity = registry.package("inner", "1.0.0")
    write_lock(manifest, store, QUIET)
    file = repository / "package-lock.json"
    lock = json.loads(file.read_text())
    lock["packages"]["node_modules/inner"] = {"version": "1.0.0", "integrity": integrity}
    file.write_text(json.dumps(lock))
    with pytest.raises(DependencyError) as caught:
        read_lock(manifest)
    messages = [problem.message for problem in caught.value.problems]
    assert "inner comes from the registry, but packages/inner in this repository has the same name." in messages


@pytest.mark.exhaustive
def test_a_transitive_dependency_on_a_workspaces_name_is_refused(
    repository: Path, store: Store, registry: NpmRegistry
) -> None:
    registry.package("base", "1.0.0", manifest={"dependencies": {"inner": "^9.0.0"}})
    with pytest.raises(DependencyError, match="packages of this repository"):
        write_lock(plugin(repository, "nodejs22.x"), store, QUIET)
    assert not (repository / "package-lock.json").exists()


@pytest.mark.exhaustive
def test_a_link_that_package_json_does_not_require_is_refused(repository: Path, store: Store) -> None:
    manifest = plugin(repository, "nodejs22.x")
    write_lock(manifest, store, QUIET)
    file = repository / "package-lock.json"
    lock = json.loads(file.read_text())
    lock["packages"]["node_modules/base"] = {"resolved": "../../etc", "link": True}
    lock["packages"]["../../etc"] = {"version": "1.0.0"}
    file.write_text(json.dumps(lock))
    with pytest.raises(DependencyError) as caught:
        read_lock(manifest)
    assert "node_modules/base is a link to ../../etc, which package.json does not require." in [
        problem.message for problem in caught.value.problems
    ]


def test_a_workspace_that_changed_after_locking_makes_the_lock_outdated(repository: Path, store: Store) -> None:
    manifest = plugin(repository, "nodejs22.x")
    write_lock(manifest, store, QUIET)
    write(repository, {"packages/inner/package.json": described("inner", dependencies={"more": "1"})})
    with pytest.raises(DependencyError) as caught:
        read_lock(manifest)
    assert "package-lock.json is older than packages/inner/package.json: they differ in @own/other, more." in [
        problem.message for problem in caught.value.problems
    ]


def test_a_plugin_that_is_a_workspace_never_gets_its_siblings_from_the_registry(
    repository: Path, store: Store, registry: NpmRegistry
) -> None:
    write(
        repository,
        {
            "plugins/one/plugin.toml": MANIFEST,
            "plugins/one/src/index.mjs": "export const handler = async () => 1;\n",
            "plugins/one/package.json": described("one", dependencies={"beside": "^1.0.0"}),
            "plugins/two/package.json": described("beside"),
            "plugins/two/index.js": "two\n",
            "package.json": described("root", workspaces=["plugins/*"]),
        },
    )
    manifest = plugin(repository / "plugins/one", "nodejs22.x")
    with pytest.raises(DependencyError) as caught:
        write_lock(manifest, store, QUIET)
    (problem,) = caught.value.problems
    assert problem.hint == 'Require it as "file:../two".'
    assert registry.requests == []
    write(repository, {"plugins/one/package.json": described("one", dependencies={"beside": "file:../two"})})
    write_lock(manifest, store, QUIET)
    assert packaged(repository / "plugins/one")["node_modules/beside/index.js"] == b"two\n"
    assert asked_for(registry) == set()


@pytest.mark.exhaustive
def test_a_nested_workspace_is_refused_if_node_would_find_another_package(repository: Path, store: Store) -> None:
    manifest = plugin(repository, "nodejs22.x")
    write(
        repository,
        {
            "package.json": described(
                "sample", workspaces=["packages/other", "packages/other/in"], dependencies={"base": "1.0.0"}
            ),
            "packages/other/in/package.json": described("within", dependencies={"base": "2.0.0"}),
        },
    )
    write_lock(manifest, store, QUIET)
    lock = read_lock(manifest)
    with pytest.raises(DependencyError) as caught:
        refuse_incomplete_lock(lock, manifest)
    assert any("another base in the artifact" in problem.message for problem in caught.value.problems)
