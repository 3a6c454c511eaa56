"""``verify --rebuild`` finds each single change of an image. ``tox -e faults`` tries 200."""

from __future__ import annotations

import os
import shutil
from random import Random
from typing import TYPE_CHECKING

import pytest

from builder import pipeline
from builder.errors import VerificationError
from builder.progress import SilentProgress
from tests.support.images.forged_layouts import SoundLayout
from tests.support.images.image_changes import CHANGES, change_file, compress_otherwise, missed_changes
from tests.support.images.image_plugin import image_plugin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.verification import VerificationResult
    from tests.support.plugins.locked_plugin import LockedPlugin

COUNT = 8 * len(CHANGES)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedPlugin]:
    plugin = image_plugin(tmp_path_factory.mktemp("built"))
    before = os.environ.get("BIOT_PLUGIN_STORE")
    os.environ["BIOT_PLUGIN_STORE"] = str(plugin.store)
    pipeline.package(plugin.project, SilentProgress())
    yield plugin
    os.environ.pop("BIOT_PLUGIN_STORE") if before is None else os.environ.update(BIOT_PLUGIN_STORE=before)


def sound_of(plugin: LockedPlugin) -> SoundLayout:
    return SoundLayout.of(plugin.folder / "dist" / "sample-1.oci")


def verified(layout: Path, plugin: LockedPlugin) -> VerificationResult:
    return pipeline.verify(layout, plugin.project, SilentProgress())


def test_a_sound_image_has_no_differences(built: LockedPlugin) -> None:
    layout = built.folder / "dist" / "sample-1.oci"

    seen = verified(layout, built)
    assert seen.differences == ()
    assert seen.rebuilt
    assert pipeline.verify(layout, None, SilentProgress()).differences == ()


def test_every_single_change_is_found_by_a_rebuild(built: LockedPlugin, tmp_path: Path) -> None:
    """There is no report beside these layouts, so nothing but the rebuild can find what fits in itself."""
    assert missed_changes(built, tmp_path, COUNT) == []


def test_a_change_is_named_with_its_path_and_kind(built: LockedPlugin, tmp_path: Path) -> None:
    sound = sound_of(built)
    for number, (change, kinds) in enumerate(
        ((change_file, {"content", "mode", "missing", "extra"}), (compress_otherwise, {"compressor"}))
    ):
        layout = tmp_path / str(number) / "sample-1.oci"
        change(sound, layout, Random(number))  # noqa: S311 - chooses changes, no secret
        differences = verified(layout, built).differences
        assert differences
        assert {difference.kind.value for difference in differences} <= kinds
        assert all(difference.path for difference in differences)


@pytest.mark.parametrize("seed", range(6))
def test_the_report_and_the_checksums_beside_an_image_are_compared(
    built: LockedPlugin, tmp_path: Path, seed: int
) -> None:
    dist = tmp_path / "dist"
    shutil.copytree(built.folder / "dist", dist)
    shutil.rmtree(dist / "sample-1.oci")
    CHANGES[1 + seed % 5](sound_of(built), dist / "sample-1.oci", Random(seed))  # noqa: S311 - chooses changes

    try:
        differences = pipeline.verify(dist / "sample-1.oci", None, SilentProgress()).differences
    except VerificationError:
        return
    assert any(difference.kind.value == "report" for difference in differences)
