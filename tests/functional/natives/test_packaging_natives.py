"""Native files in packs, from the store to the check of an artifact."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from builder.archive.writer import pack_members
from builder.build_values import LockedPackage, Pack
from builder.bundle.assemble import assemble
from builder.bundle.source_files import SourceFile
from builder.errors import DependencyError, Problem
from builder.manifest.model import Build, Manifest, Plugin
from builder.natives import check_natives, select_platform_files
from builder.natives.native_scan import scan_pack
from builder.natives.scan_cache import SUFFIX
from tests.support.archives.elf_files import MACH_O, elf

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.dependencies import Store

NEW = elf(versions={"libc.so.6": ["GLIBC_2.28"]})
GYP = b"{'targets': [{'target_name': 'better_sqlite3', 'sources': ['a.cc']}]}"


def manifest(folder: Path, runtime: str, **allowed: str) -> Manifest:
    plugin = Plugin(name="sample", display_name="Sample", version=1, runtime=runtime)
    return Manifest(file=folder / "plugin.toml", plugin=plugin, build=Build(allow_missing=allowed))


def stored(store: Store, name: str, files: Mapping[str, bytes]) -> Pack:
    """A package in the store, as collecting it would give it."""
    place = "" if any(path.endswith(".py") for path in files) else f"node_modules/{name}"
    with store.work_folder() as folder:
        file = folder / "pack.zip"
        pack_members([(path, 0o644, content) for path, content in sorted(files.items())], file)
        found = store.add(name.encode().hex(), file)
    package = LockedPackage(name=name, version="1.0", digest="", places=(place,))
    return Pack(package=package, file=found.file, members=found.members)


def npm(store: Store, name: str, files: Mapping[str, bytes] | None = None, **described: object) -> Pack:
    package = json.dumps({"name": name, "version": "1.0", **described}).encode()
    return stored(store, name, {"package.json": package, "index.js": b"", **(files or {})})


def verdict(plugin: Manifest, packs: list[Pack], own: Mapping[str, bytes] | None = None) -> tuple[Problem, ...]:
    sources = [SourceFile(path=path, origin=path, content=content) for path, content in (own or {}).items()]
    examined = select_platform_files(plugin, packs)
    return check_natives(plugin, assemble(plugin, sources, examined.packs), examined)


def refused(plugin: Manifest, packs: list[Pack], own: Mapping[str, bytes] | None = None) -> list[str]:
    with pytest.raises(DependencyError) as caught:
        verdict(plugin, packs, own)
    return [problem.message for problem in caught.value.problems]


def test_all_problems_of_packages_and_own_files_are_reported_together(project: Path, store: Store) -> None:
    new = stored(store, "new", {"new/_new.abi3.so": NEW, "new/__init__.py": b""})
    lost = stored(store, "lost", {"lost/_lost.abi3.so": elf(needed=("libyaml-0.so.2",)), "lost/__init__.py": b""})

    messages = refused(manifest(project, "python3.11"), [new, lost], {"index.py": b"", "mine.so": NEW + bytes(5000)})

    assert [line.split(" needs ")[0] for line in messages] == ["The plugin's own code", "lost 1.0", "new 1.0"]
    assert verdict(manifest(project, "python3.12"), [new]) == ()


def test_a_second_scan_of_a_pack_reads_only_the_record(store: Store) -> None:
    pack = stored(store, "new", {"new/_new.abi3.so": NEW, "new/big.so": NEW + bytes(100_000), "new/__init__.py": b""})
    first = scan_pack(pack)
    record = pack.file.with_suffix(SUFFIX)
    pack.file.write_bytes(b"")

    assert scan_pack(pack) == first
    assert set(first) == {"new/_new.abi3.so", "new/big.so"}
    assert [file.suffix for file in sorted(record.parent.iterdir())] == [".index", SUFFIX, ".zip"]


@pytest.mark.parametrize("damage", [b"", b"\0" * 100])
def test_a_damaged_record_is_made_again(store: Store, damage: bytes) -> None:
    pack = stored(store, "new", {"new/_new.abi3.so": NEW, "new/__init__.py": b""})
    first = scan_pack(pack)
    pack.file.with_suffix(SUFFIX).write_bytes(damage)

    assert scan_pack(pack) == first
    assert pack.file.with_suffix(SUFFIX).read_bytes() != damage


def test_binaries_for_other_platforms_are_left_out_with_one_warning(project: Path, store: Store) -> None:
    files = {"prebuilds/linux-x64/a.node": elf(), "prebuilds/darwin-arm64/a.node": MACH_O, "binding.gyp": GYP}
    plugin = manifest(project, "nodejs22.x")
    examined = select_platform_files(plugin, [npm(store, "argon2", files), npm(store, "bcrypt", files)])
    (note,) = examined.warnings

    assert note.message.startswith("Left out: 2 file(s) for other platforms (0.0 MB) of argon2 1.0, bcrypt 1.0.")
    assert all(not member.path.startswith("prebuilds/darwin") for pack in examined.packs for member in pack.members)


def test_a_package_without_its_binary_is_refused_with_a_fix(project: Path, store: Store) -> None:
    (project / "package.json").write_text('{"dependencies": {"better-sqlite3": "*", "core-js": "*"}}')
    packs = [
        npm(store, "better-sqlite3", {"binding.gyp": GYP}, scripts={"install": "prebuild-install || node-gyp rebuild"}),
        npm(store, "core-js", scripts={"postinstall": "node -e 'hello'"}),
    ]

    (message,) = refused(manifest(project, "nodejs22.x"), packs)

    assert message.startswith("better-sqlite3 1.0 lacks better_sqlite3.node for Lambda (linux-x64, glibc)")
    plugin = manifest(project, "nodejs22.x", **{"better_sqlite3.node": "falls back to memory"})
    assert verdict(plugin, packs) == ()


@pytest.mark.parametrize("machine", [62, 183])
def test_a_binary_may_be_in_a_separate_package(project: Path, store: Store, machine: int) -> None:
    (project / "package.json").write_text('{"dependencies": {"watcher": "*"}}')
    packs = [
        npm(store, "watcher", {"binding.gyp": GYP}, optionalDependencies={"watcher-linux-x64": "1.0"}),
        npm(store, "watcher-linux-x64", {"watcher.node": elf(machine=machine)}),
    ]
    plugin = manifest(project, "nodejs22.x")

    if machine == 62:
        assert verdict(plugin, packs) == ()
    else:
        assert "watcher 1.0 lacks better_sqlite3.node" in refused(plugin, packs)[-1]


def test_an_optional_package_without_its_binary_is_a_warning(project: Path, store: Store) -> None:
    (project / "package.json").write_text('{"dependencies": {"ssh2": "*"}}')
    packs = [
        npm(store, "ssh2", dependencies={"cpu-features": "1"}, optionalDependencies={"cpu-features": "1"}),
        npm(store, "cpu-features", {"binding.gyp": b"{}"}),
    ]

    (warning,) = verdict(manifest(project, "nodejs22.x"), packs)

    assert "cpu-features 1.0 lacks cpu-features.node" in warning.message
