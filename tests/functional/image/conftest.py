from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.images.image_plugin import image_plugin

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.plugins.locked_plugin import LockedPlugin


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LockedPlugin:
    """A locked IMAGE plugin; the current folder and the environment are those of its author."""
    made = image_plugin(tmp_path)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(made.store))
    monkeypatch.chdir(made.folder)
    return made
