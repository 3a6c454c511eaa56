"""plugin.toml -> ``Manifest``: JSON Schema checks its shape, small rules check its meaning.

Every problem is reported at once, with its line. Nothing here knows what a plugin's folder contains.
"""

from __future__ import annotations

from builder.manifest.manifest_file import (
    FILE_NAME,
    LoadedManifest,
    find_manifest,
    load,
    locate_findings,
    parse,
    schema_file,
)
from builder.manifest.model import Build, Manifest, Plugin
from builder.manifest.partial_manifest import HandlerSettings, PluginSummary, read_handler_settings, read_plugin_summary
from builder.manifest.serialization import render_config, render_toml

__all__ = [
    "FILE_NAME",
    "Build",
    "HandlerSettings",
    "LoadedManifest",
    "Manifest",
    "Plugin",
    "PluginSummary",
    "find_manifest",
    "load",
    "locate_findings",
    "parse",
    "read_handler_settings",
    "read_plugin_summary",
    "render_config",
    "render_toml",
    "schema_file",
]
