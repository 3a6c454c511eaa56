"""``verify`` on unchanged artifacts, and on artifacts with a single change. ``tox -e repro`` tries 500."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

import pytest

from builder import pipeline
from builder.errors import VerificationError
from builder.progress import SilentProgress
from tests.support.archives.forged_zips import forge
from tests.support.archives.mutations import CHANGES, mutations
from tests.support.archives.tampering import Bench, caught
from tests.support.plugins.locked_plugin import LockedPlugin, locked_plugin
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = 3 * len(CHANGES)


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedPlugin]:
    made = locked_plugin(tmp_path_factory.mktemp("verify"))
    before = os.environ.get("BIOT_PLUGIN_STORE")
    os.environ["BIOT_PLUGIN_STORE"] = str(made.store)
    yield made
    os.environ.pop("BIOT_PLUGIN_STORE") if before is None else os.environ.update(BIOT_PLUGIN_STORE=before)


@pytest.fixture(scope="module")
def bench(plugin: LockedPlugin) -> Bench:
    return Bench.of(plugin)


def test_an_intact_artifact_has_no_differences(bench: Bench) -> None:
    seen = pipeline.verify(bench.artifact, bench.plugin.project, SilentProgress())
    assert seen.differences == ()
    assert seen.rebuilt
    assert pipeline.verify(bench.artifact, None, SilentProgress()).differences == ()


def test_forging_without_a_change_keeps_the_bytes(bench: Bench) -> None:
    """The changes below are single ones: what forges them writes the sound artifact when nothing is changed."""
    assert forge(*bench.sound.members) == bench.sound.archive


@pytest.mark.parametrize("seed", exhaustive_after(1, range(3)))
def test_every_single_change_is_caught(bench: Bench, seed: int) -> None:
    missed = [
        f"{changed.what}: {reported}"
        for changed in mutations(bench.sound, Random(seed), COUNT // 3)  # noqa: S311 - chooses places, no secret
        if not (reported := caught(bench, changed)).fits(changed)
    ]
    assert missed == []


def test_a_change_that_only_a_rebuild_shows_is_reported_with_its_path(bench: Bench) -> None:
    (bench.plugin.folder / "src" / "index.py").write_text("def handler(event, context): ...\n", "utf-8")
    try:
        seen = pipeline.verify(bench.artifact, bench.plugin.project, SilentProgress())
    finally:
        bench.restore()
    reported = {(one.kind.value, one.path) for one in seen.differences}
    assert ("content", "index.py") in reported
    assert ("report", "inputs") in reported
    assert all(kind == "content" or path == "inputs" for kind, path in reported)


def test_without_a_report_only_a_rebuild_finds_differences(bench: Bench) -> None:
    bench.report.unlink()
    seal = bench.artifact.with_suffix(".sha256")
    digests = seal.read_bytes()
    seal.unlink()
    try:
        with pytest.raises(VerificationError, match="is missing"):
            pipeline.verify(bench.artifact, None, SilentProgress())
        seen = pipeline.verify(bench.artifact, bench.plugin.project, SilentProgress())
    finally:
        bench.restore()
        seal.write_bytes(digests)
    assert seen.differences == ()
