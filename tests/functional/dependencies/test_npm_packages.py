"""JavaScript: from package.json to packs, with a registry on loopback."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import tarfile
from typing import TYPE_CHECKING

import pytest

from builder.dependencies import Store, collect, read_lock, refuse_incomplete_lock, write_lock
from builder.dependencies.npm.tarball import MAX_UNPACKED, read_tarball
from builder.errors import DependencyError
from builder.progress import SilentProgress
from tests.support.machine.tool_settings import use_own_settings
from tests.support.plugins.stage_inputs import RecordedProgress, plugin
from tests.support.repetitions import exhaustive_after
from tests.support.servers.package_registries import NpmRegistry, make_tarball, served

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from builder.manifest.model import Manifest
    from tests.support.servers.package_registries import Registry

QUIET = SilentProgress()


def ask(project: Path, **fields: object) -> None:
    (project / "package.json").write_text(json.dumps({"name": "sample", "version": "1.0.0", **fields}))


def publish(registry: NpmRegistry) -> None:
    """A small world: two versions of one package, platforms, an alias, a bundle, an install script."""
    registry.package("base", "1.0.0")
    registry.package("base", "2.0.0", files={"run.sh": b"#!/bin/sh\n"})
    registry.package("@scope/old", "1.0.0", manifest={"dependencies": {"base": "^1.0.0"}})
    registry.package("native-linux", "1.0.0", manifest={"os": ["linux"], "cpu": ["x64"], "libc": ["glibc"]})
    registry.package("native-musl", "1.0.0", manifest={"os": ["linux"], "cpu": ["x64"], "libc": ["musl"]})
    registry.package("native-mac", "1.0.0", manifest={"os": ["darwin"], "dependencies": {"mac-helper": "1.0.0"}})
    registry.package("mac-helper", "1.0.0")
    registry.package(
        "native",
        "1.0.0",
        manifest={
            "optionalDependencies": {"native-linux": "1.0.0", "native-musl": "1.0.0", "native-mac": "1.0.0"},
            "scripts": {"install": "touch /tmp/never"},
            "hasInstallScript": True,
        },
    )
    inner = json.dumps({"name": "inner", "version": "9.0.0"}).encode()
    registry.package(
        "bundler",
        "1.0.0",
        manifest={"dependencies": {"inner": "9.0.0"}, "bundleDependencies": ["inner"]},
        files={"node_modules/inner/package.json": inner, "node_modules/inner/index.js": b"export default 9;\n"},
    )
    registry.package("inner", "9.0.0")
    registry.package("checker", "1.0.0")


WORLD = {
    "dependencies": {
        "base": "^2.0.0",
        "@scope/old": "1.0.0",
        "native": "1.0.0",
        "other-name": "npm:base@1.0.0",
        "bundler": "1.0.0",
    },
    "devDependencies": {"checker": "1.0.0"},
}


@pytest.fixture(scope="module")
def locked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that depends on ``base 1.0.0``, locked."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "project").mkdir()
    ask(folder / "project", dependencies={"base": "1.0.0"})
    with pytest.MonkeyPatch.context() as patch, served(NpmRegistry()) as registry:
        use_own_settings(patch, folder / "home")
        patch.setenv("NPM_CONFIG_REGISTRY", f"{registry.url}/")
        registry.package("base", "1.0.0")
        write_lock(plugin(folder / "project", "nodejs22.x"), Store(folder / "store"), QUIET)
    return folder / "project"


@pytest.fixture
def locked_base(locked_once: Path, project: Path, registry: NpmRegistry) -> Manifest:
    """A copy of the locked project, and a registry that has the same package."""
    shutil.copytree(locked_once, project, dirs_exist_ok=True)
    registry.package("base", "1.0.0")
    return plugin(project, "nodejs22.x")


def test_production_packages_are_placed_as_npm_places_them(project: Path, store: Store, registry: NpmRegistry) -> None:
    publish(registry)
    ask(project, **WORLD)
    manifest = plugin(project, "nodejs22.x")
    progress = RecordedProgress()
    write_lock(manifest, store, progress)
    assert progress.notes == []
    assert '"resolved"' not in (project / "package-lock.json").read_text()
    packs = {
        (pack.package.name, pack.package.version): pack
        for pack in collect(read_lock(manifest), manifest, store, progress)
    }
    assert {key: pack.package.places for key, pack in packs.items()} == {
        ("@scope/old", "1.0.0"): ("node_modules/@scope/old",),
        ("base", "1.0.0"): ("node_modules/@scope/old/node_modules/base", "node_modules/other-name"),
        ("base", "2.0.0"): ("node_modules/base",),
        ("bundler", "1.0.0"): ("node_modules/bundler",),
        ("native", "1.0.0"): ("node_modules/native",),
        ("native-linux", "1.0.0"): ("node_modules/native-linux",),
    }
    assert [(member.path, oct(member.mode)) for member in packs["base", "2.0.0"].members] == [
        ("index.js", "0o644"),
        ("package.json", "0o644"),
        ("run.sh", "0o755"),
    ]
    assert "node_modules/inner/index.js" in [member.path for member in packs["bundler", "1.0.0"].members]


def test_a_warm_store_uses_no_registry_and_two_stores_have_the_same_bytes(
    project: Path, store: Store, registry: NpmRegistry, tmp_path: Path
) -> None:
    publish(registry)
    ask(project, **WORLD)
    manifest = plugin(project, "nodejs22.x")
    write_lock(manifest, store, QUIET)
    lock = read_lock(manifest)
    first = collect(lock, manifest, store, QUIET)
    request_count = len(registry.requests)
    assert collect(lock, manifest, store, QUIET) == first
    assert len(registry.requests) == request_count
    second = collect(lock, manifest, Store(tmp_path / "other"), QUIET)
    assert [pack.file.read_bytes() for pack in second] == [pack.file.read_bytes() for pack in first]


@pytest.mark.parametrize("suffix", exhaustive_after(1, [".index", ".zip"]))
def test_a_damaged_npm_pack_is_made_again(locked_base: Manifest, store: Store, suffix: str) -> None:
    manifest = locked_base
    lock = read_lock(manifest)
    (sound,) = collect(lock, manifest, store, QUIET)
    data = sound.file.read_bytes()
    sound.file.with_suffix(suffix).write_bytes(b"damaged")
    assert collect(lock, manifest, store, QUIET) == (sound,)
    assert sound.file.read_bytes() == data


def test_a_file_with_another_hash_than_the_lock_is_refused(
    locked_base: Manifest, store: Store, registry: NpmRegistry
) -> None:
    manifest = locked_base
    registry.package("base", "1.0.0", files={"evil.js": b""})
    with pytest.raises(DependencyError, match=r"a different file for base 1\.0\.0 than package-lock\.json pins"):
        collect(read_lock(manifest), manifest, store, QUIET)
    assert not list(store.folder.rglob("*.zip"))


@pytest.mark.exhaustive
def test_project_settings_and_addresses_in_a_lock_do_not_change_the_registry(
    locked_base: Manifest, project: Path, store: Store, registry: NpmRegistry, canary: Registry
) -> None:
    registry.package("more", "1.0.0")
    manifest = locked_base
    file = project / "package-lock.json"
    foreign = json.loads(file.read_text())
    foreign["packages"]["node_modules/base"]["resolved"] = f"{canary.url}/base/-/base-1.0.0.tgz"
    file.write_text(json.dumps(foreign))
    (project / ".npmrc").write_text(f"registry={canary.url}/\n@scope:registry={canary.url}/\n")
    assert len(collect(read_lock(manifest), manifest, store, QUIET)) == 1
    ask(project, dependencies={"base": "1.0.0", "more": "1.0.0"})
    progress = RecordedProgress()
    write_lock(manifest, store, progress)
    assert [note for note in progress.notes if ".npmrc" in note] != []
    assert len(collect(read_lock(manifest), manifest, store, QUIET)) == 2
    assert canary.requests == []


def test_the_error_for_an_outdated_lock_names_the_differences(
    project: Path, store: Store, registry: NpmRegistry
) -> None:
    registry.package("base", "1.0.0")
    ask(project, dependencies={"base": "1.0.0"})
    manifest = plugin(project, "nodejs22.x")
    with pytest.raises(DependencyError, match="is missing"):
        read_lock(manifest)
    ask(project, devDependencies={"base": "1.0.0"})
    assert read_lock(manifest).packages == ()
    ask(project, dependencies={"base": "1.0.0"})
    write_lock(manifest, store, QUIET)
    ask(project, dependencies={"base": "^1.0.0", "more": "1.0.0"})
    with pytest.raises(DependencyError, match=r"differ in base, more\.") as caught:
        read_lock(manifest)
    assert "biot-plugin lock" in caught.value.hint


def test_locking_again_keeps_versions_without_upgrade(project: Path, store: Store, registry: NpmRegistry) -> None:
    registry.package("base", "1.0.0")
    ask(project, dependencies={"base": "^1.0.0"})
    manifest = plugin(project, "nodejs22.x")
    write_lock(manifest, store, QUIET)
    registry.package("base", "1.1.0")
    assert write_lock(manifest, store, QUIET).changed == ()
    (change,) = write_lock(manifest, store, QUIET, upgrade=True).changed
    assert (change.before, change.after) == (("1.0.0",), ("1.1.0",))


def test_a_package_missing_in_the_registry_is_named(project: Path, store: Store, registry: NpmRegistry) -> None:
    del registry
    ask(project, dependencies={"nowhere": "1.0.0"})
    with pytest.raises(DependencyError, match="registry does not have a package") as caught:
        write_lock(plugin(project, "nodejs22.x"), store, QUIET)
    assert "nowhere" in caught.value.message


def test_an_unreachable_registry_is_reported(
    locked_base: Manifest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = locked_base
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9/")
    with pytest.raises(DependencyError, match="npm registry is unreachable"):
        collect(read_lock(manifest), manifest, store, QUIET)


def weakened(project: Path, registry: NpmRegistry, name: str, lock: str) -> str:
    """The text of a lock with the sha1 of a package in place of its sha512, as npm 5 wrote it."""
    (dist,) = (described["dist"] for described in registry.versions[name].values())
    assert isinstance(dist, dict)
    sha1 = "sha1-" + base64.b64encode(bytes.fromhex(str(dist["shasum"]))).decode()
    text = lock.replace(str(dist["integrity"]), sha1)
    (project / "package-lock.json").write_text(text)
    return text


def test_a_sha1_is_replaced_with_the_sha512_of_the_same_file(
    project: Path, store: Store, registry: NpmRegistry
) -> None:
    registry.package("old", "1.0.0", manifest={"dependencies": {"other": "^1.0.0"}})
    registry.package("other", "1.0.0")
    ask(project, dependencies={"old": "1.0.0"})
    manifest = plugin(project, "nodejs22.x")
    write_lock(manifest, store, QUIET)
    registry.package("other", "1.1.0")
    strong = json.dumps(json.loads((project / "package-lock.json").read_text()), indent=4)
    weakened(project, registry, "old", strong)
    with pytest.raises(DependencyError) as caught:
        read_lock(manifest)
    assert [problem.message for problem in caught.value.problems] == [
        "old 1.0.0 has no sha512 integrity, so its content is not pinned safely."
    ]
    progress = RecordedProgress()
    result = write_lock(manifest, store, progress)
    assert (project / "package-lock.json").read_text() == strong
    assert progress.notes == ["The sha1 of old 1.0.0 was replaced with the sha512 of the same file."]
    assert (result.changed, result.rewritten) == ((), True)
    assert len(collect(read_lock(manifest), manifest, store, QUIET)) == 2


def test_a_file_with_another_sha1_is_refused(project: Path, store: Store, registry: NpmRegistry) -> None:
    registry.package("old", "1.0.0")
    ask(project, dependencies={"old": "1.0.0"})
    manifest = plugin(project, "nodejs22.x")
    write_lock(manifest, store, QUIET)
    text = weakened(project, registry, "old", (project / "package-lock.json").read_text())
    registry.package("old", "1.0.0", files={"evil.js": b""})
    with pytest.raises(DependencyError, match=r"a different file for old 1\.0\.0"):
        write_lock(manifest, store, QUIET)
    assert (project / "package-lock.json").read_text() == text


@pytest.mark.exhaustive
def test_a_lock_with_only_text_changes_is_reported_as_rewritten(
    locked_base: Manifest, project: Path, store: Store
) -> None:
    manifest = locked_base
    assert not write_lock(manifest, store, QUIET).rewritten
    file = project / "package-lock.json"
    file.write_text(
        file.read_text().replace('"version": "1.0.0",', '"version": "1.0.0", "resolved": "https://host/a",', 3)
    )
    assert write_lock(manifest, store, QUIET).rewritten


def test_a_peer_conflict_names_both_sides_and_suggests_legacy_peer_deps(
    project: Path, store: Store, registry: NpmRegistry
) -> None:
    registry.package("base", "1.0.0")
    registry.package("base", "2.0.0")
    registry.package("view", "3.0.0", manifest={"peerDependencies": {"base": "^2.0.0"}})
    ask(project, dependencies={"base": "^1.0.0", "view": "3.0.0"})
    manifest = plugin(project, "nodejs22.x")
    with pytest.raises(DependencyError) as caught:
        write_lock(manifest, store, QUIET)
    assert caught.value.message == (
        "The versions in package.json conflict: npm needs peer base@^2.0.0 from view@3.0.0, "
        "but base@1.0.0 is installed because of base@^1.0.0 from the root project."
    )
    (project / ".npmrc").write_text("legacy-peer-deps=true\n")
    write_lock(manifest, store, QUIET)
    lock = read_lock(manifest)
    refuse_incomplete_lock(lock, manifest)
    assert [package.name for package in lock.packages] == ["base", "view"]


def link(kind: bytes, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo("package/strange")
    member.type = kind
    member.linkname = target
    return member


def bomb() -> bytes:
    """A quarter of a megabyte that says it holds one file larger than Lambda can take, and does."""
    member = tarfile.TarInfo("package/package.json")
    member.size = MAX_UNPACKED + 1024
    return gzip.compress(member.tobuf() + bytes(MAX_UNPACKED + 2048), 1)


SOUND = {"package/package.json": b"{}", "package/index.js": b""}
HOSTILE: dict[str, bytes | Callable[[], bytes]] = {
    "climbs": make_tarball({**SOUND, "package/../../evil.js": b""}),
    "absolute": make_tarball({**SOUND, "/etc/evil.js": b""}),
    "backslash": make_tarball({**SOUND, "package/..\\..\\evil.js": b""}),
    "control character": make_tarball({**SOUND, "package/a\nb.js": b""}),
    "symbolic link": make_tarball(SOUND, members=[link(tarfile.SYMTYPE, "/etc/passwd")]),
    "hard link": make_tarball(SOUND, members=[link(tarfile.LNKTYPE, "package/index.js")]),
    "device": make_tarball(SOUND, members=[link(tarfile.CHRTYPE, "")]),
    "pipe": make_tarball(SOUND, members=[link(tarfile.FIFOTYPE, "")]),
    "no package.json": make_tarball({"package/index.js": b""}),
    "same path, other bytes": make_tarball({**SOUND, "other/index.js": b"other"}),
    "cut off": make_tarball({**SOUND, "package/big.js": bytes(range(256)) * 40})[:-40],
    "no gzip": b"PK\x03\x04 something else",
    "empty": b"",
    "second archive behind the first": make_tarball(SOUND) + make_tarball(SOUND),
    "bomb": bomb,  # takes a second to make: only when it is used
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_tarballs_are_refused_by_name(tmp_path: Path, data: bytes | Callable[[], bytes]) -> None:
    file = tmp_path / "hostile.tgz"
    file.write_bytes(data if isinstance(data, bytes) else data())
    with pytest.raises(DependencyError, match=r"The npm package evil 1\.0\.0 "):
        read_tarball(file, "evil 1.0.0")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["home", "hostile.tgz"]


def test_a_tarball_is_read_sorted_without_its_first_folder_and_with_two_modes(tmp_path: Path) -> None:
    file = tmp_path / "sound.tgz"
    file.write_bytes(
        make_tarball({"other/b.sh": b"b", "other/package.json": b"{}", "beside": b"", "./other/a/c": b"c"})
    )
    assert read_tarball(file, "sound 1.0.0") == (
        ("a/c", 0o644, b"c"),
        ("b.sh", 0o755, b"b"),
        ("package.json", 0o644, b"{}"),
    )
