"""A locked IMAGE plugin with two packages, whose base image is made by the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.image.image_lock import write_image_lock
from tests.support.images.base_images import MadeBase, made_base
from tests.support.plugins.locked_plugin import MANIFEST, LockedPlugin, locked_plugin
from tests.support.plugins.stage_inputs import plugin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IMAGE_MANIFEST = MANIFEST + 'deploymentPackageType = "IMAGE"\n'


def image_plugin(
    home: Path,
    base: MadeBase | None = None,
    wheels: Mapping[tuple[str, str], Mapping[str, bytes]] | None = None,
) -> LockedPlugin:
    """Write the plugin, its locks, and the store below ``home``; ``wheels`` replace its two packages."""
    made = locked_plugin(home, wheels)
    (made.folder / "plugin.toml").write_text(IMAGE_MANIFEST)
    write_image_lock(plugin(made.folder), (base or made_base()).image)
    return made
