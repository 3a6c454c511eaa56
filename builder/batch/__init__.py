"""Many plugins of one repository at once: finds them, divides them among machines, and packages them together.

Offers ``find_plugins``, ``Shard`` and ``package_all``. Never prints; the command line shows the results.
"""

from __future__ import annotations

from builder.batch.batch_packaging import PluginResult, package_all
from builder.batch.plugin_discovery import find_plugins
from builder.batch.shard import Shard

__all__ = ["PluginResult", "Shard", "find_plugins", "package_all"]
