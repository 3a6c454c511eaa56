"""What packages say about themselves is the same whether it is read or remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from builder.archive.cached_results import Memory
from builder.build_values import Lock
from builder.dependencies.store.pack_store import Store
from builder.evidence.evidence_settings import read_settings
from builder.evidence.sbom.package_facts import memory_of, study
from builder.evidence.sbom.package_reader import read_packs
from tests.support.bundles import manifest_of
from tests.support.evidence import PACKAGES, pack_in

if TYPE_CHECKING:
    from pathlib import Path


def never() -> list[str]:
    message = "asked again"
    raise AssertionError(message)


def test_what_was_remembered_is_what_was_read(tmp_path: Path) -> None:
    manifest = manifest_of(folder=tmp_path)
    packs = [pack_in(tmp_path, label, files) for label, files in PACKAGES.items()]
    memory = Memory(store=Store(tmp_path / "store"), about=("lock",))
    read = study(manifest, packs, lambda: ["pkg"], memory)
    assert study(manifest, packs, never, memory) == read
    assert read == read_packs(manifest, packs, ["pkg"])
    assert any(one.inside for one in read.components.values())


def test_other_locks_and_other_files_of_a_package_are_other_memories(tmp_path: Path) -> None:
    manifest = manifest_of(folder=tmp_path)
    packs = [pack_in(tmp_path, label, files) for label, files in PACKAGES.items()]
    for name in ("requirements.lock", "plugin.toml"):
        (tmp_path / name).write_text("# 1\n")
    settings = read_settings(manifest, Lock(file=tmp_path / "requirements.lock", packages=()), {})
    store = Store(tmp_path / "store")
    pruned = [replace(packs[0], members=packs[0].members[1:]), *packs[1:]]
    found = [
        memory_of(store, manifest, settings, packs),
        memory_of(store, manifest, replace(settings, lock_sha256="2"), packs),
        memory_of(store, manifest, settings, pruned),
        memory_of(store, manifest_of(folder=tmp_path, runtime="python3.12"), settings, packs),
    ]
    assert len({memory.about for memory in found}) == len(found)
    assert memory_of(store, manifest, settings, packs) == found[0]
    assert memory_of(store, manifest, replace(settings, lock_sha256=""), packs) == Memory()
