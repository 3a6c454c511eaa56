"""No setting of this machine reaches the tools, in any test of this folder."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _isolated(own_settings: None) -> None:
    """Every test here starts pip, uv or npm."""
