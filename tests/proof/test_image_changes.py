"""``verify --rebuild`` finds 200 of 200 single changes of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder import pipeline
from builder.progress import SilentProgress
from tests.support.images.image_changes import missed_changes
from tests.support.images.image_plugin import image_plugin

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_200_changes_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = image_plugin(tmp_path)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(plugin.store))
    pipeline.package(plugin.project, SilentProgress())

    assert missed_changes(plugin, tmp_path / "changed", 200) == []
