"""Many plugins of one repository at once: found, shared out among machines, and built together."""

from __future__ import annotations

from builder.batch.batch_packaging import PluginResult, package_all
from builder.batch.plugin_discovery import find_plugins
from builder.batch.shard import Shard

__all__ = ["PluginResult", "Shard", "find_plugins", "package_all"]
