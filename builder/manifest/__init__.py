"""plugin.toml -> ``Manifest``: JSON Schema for its shape, small rules for its meaning, every problem at once."""

from __future__ import annotations

from builder.manifest.loading import FILE_NAME, Loaded, find_manifest, load, parse, schema_file
from builder.manifest.model import Build, Manifest, Plugin
from builder.manifest.peek import HandlerPlace, peek_handler
from builder.manifest.writing import config, dump

__all__ = [
    "FILE_NAME",
    "Build",
    "HandlerPlace",
    "Loaded",
    "Manifest",
    "Plugin",
    "config",
    "dump",
    "find_manifest",
    "load",
    "parse",
    "peek_handler",
    "schema_file",
]
