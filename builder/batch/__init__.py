"""Many plugins of one repository at once: finds them, divides them among machines, and packages them together.

Offers ``find_plugins``, ``find_changed_plugins``, ``find_last_builds``, ``Shard`` and ``package_all``. Never prints;
the command line shows the results.
"""

from __future__ import annotations

from builder.batch.batch_packaging import PluginResult, package_all
from builder.batch.changed_plugins import ChangedPlugin, ChangedPlugins, find_changed_plugins
from builder.batch.last_builds import find_last_builds
from builder.batch.plugin_discovery import find_plugins, locked_packages
from builder.batch.shard import Shard

__all__ = [
    "ChangedPlugin",
    "ChangedPlugins",
    "PluginResult",
    "Shard",
    "find_changed_plugins",
    "find_last_builds",
    "find_plugins",
    "locked_packages",
    "package_all",
]
