"""The analysis of packages is the same whether it is computed or cached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.archive.cached_results import ResultCache
from builder.build_values import Lock
from builder.dependencies.store.pack_store import Store
from builder.evidence.evidence_settings import read_settings
from builder.evidence.sbom.package_analysis import analyze_packages, package_result_cache
from builder.evidence.sbom.package_reader import read_packs
from tests.support.plugins.packaged_evidence import PACKAGES, pack_in
from tests.support.plugins.small_bundles import manifest_of

if TYPE_CHECKING:
    from pathlib import Path


def never() -> list[str]:
    message = "asked again"
    raise AssertionError(message)


def test_the_cached_analysis_equals_the_computed_one(tmp_path: Path) -> None:
    manifest = manifest_of(folder=tmp_path)
    packs = [pack_in(tmp_path, label, files) for label, files in PACKAGES.items()]
    cache = ResultCache(store=Store(tmp_path / "store"), inputs=("lock",))
    read = analyze_packages(manifest, packs, lambda: ["pkg"], cache)
    assert analyze_packages(manifest, packs, never, cache) == read
    assert read == read_packs(manifest, packs, ["pkg"])
    assert any(one.inside for one in read.components.values())


def test_another_lock_or_other_files_of_a_package_have_another_cache(tmp_path: Path) -> None:
    manifest = manifest_of(folder=tmp_path)
    packs = [pack_in(tmp_path, label, files) for label, files in PACKAGES.items()]
    for name in ("requirements.lock", "plugin.toml"):
        (tmp_path / name).write_text("# 1\n")
    lock = Lock(file=tmp_path / "requirements.lock", packages=())
    lock_sha256 = read_settings(manifest, lock, {}).lock_sha256
    store = Store(tmp_path / "store")
    pruned = [replace(packs[0], members=packs[0].members[1:]), *packs[1:]]
    found = [
        package_result_cache(store, manifest, lock_sha256, packs),
        package_result_cache(store, manifest, "2", packs),
        package_result_cache(store, manifest, lock_sha256, pruned),
        package_result_cache(store, manifest_of(folder=tmp_path, runtime="python3.12"), lock_sha256, packs),
    ]
    assert len({cache.inputs for cache in found}) == len(found)
    assert package_result_cache(store, manifest, lock_sha256, packs) == found[0]
    assert package_result_cache(store, manifest, "", packs) == ResultCache()
