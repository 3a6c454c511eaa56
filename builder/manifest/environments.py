"""Applies the overrides of one ``[environments.NAME]`` table to ``[plugin]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL = "local"
"""The environment of ``biot-plugin sandbox``: it needs no table, and no ``baseUrl`` in its table."""
CONNECTION_KEYS = frozenset({"baseUrl", "endpointUrl"})
"""Keys of an environment that say where it and the plugin are; they are not part of the plugin."""


def apply_overrides(plugin: Mapping[str, object], overrides: Mapping[str, object]) -> dict[str, object]:
    """The plugin's table in one environment.

    Tables (``environmentVariables``, ``subscriptions``, ``cors``) are merged key by key, so an environment
    contains only what differs. Lists and single values are replaced completely.
    """
    merged = dict(plugin)
    for key, value in overrides.items():
        if key in CONNECTION_KEYS:
            continue
        base = merged.get(key)
        merged[key] = {**base, **value} if isinstance(base, dict) and isinstance(value, dict) else value
    return merged
