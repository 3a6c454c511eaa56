"""The settings of pip, uv and npm for tests: none of this machine reaches the tools."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def use_own_settings(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Remove this machine's settings from the environment, and give the tools an empty home."""
    for name in os.environ:
        if name.upper().startswith(("PIP_", "UV_", "NPM_CONFIG_", "XDG_")) or name.lower().endswith("_proxy"):
            patch.delenv(name)
    home.mkdir()
    for name, value in {
        "HOME": str(home),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_RETRIES": "1",
        "UV_HTTP_RETRIES": "0",
        "NPM_CONFIG_GLOBALCONFIG": str(home / "global-npmrc"),
        "NPM_CONFIG_FETCH_RETRIES": "0",
    }.items():
        patch.setenv(name, value)
