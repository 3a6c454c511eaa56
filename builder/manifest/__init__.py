"""plugin.toml -> ``Manifest``: JSON Schema for its shape, small rules for its meaning, every problem at once."""

from __future__ import annotations

from builder.manifest.manifest_file import FILE_NAME, Loaded, find_manifest, load, locate, parse, schema_file
from builder.manifest.model import Build, Manifest, Plugin
from builder.manifest.partial_manifest import HandlerPlace, Whereabouts, peek_handler, peek_whereabouts
from builder.manifest.serialization import config, dump

__all__ = [
    "FILE_NAME",
    "Build",
    "HandlerPlace",
    "Loaded",
    "Manifest",
    "Plugin",
    "Whereabouts",
    "config",
    "dump",
    "find_manifest",
    "load",
    "locate",
    "parse",
    "peek_handler",
    "peek_whereabouts",
    "schema_file",
]
