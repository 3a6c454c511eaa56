"""Isolates every test of this folder from the machine's settings."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _isolated(own_settings: None) -> None:
    """Every test here starts pip, uv or npm."""
