"""What goes into the artifact: the plugin's own files, its packages, and the two as one tree."""

from __future__ import annotations

from builder.bundle.assemble import assemble
from builder.bundle.selection import select_sources
from builder.bundle.sizes import check_sizes
from builder.bundle.sources import SourceFile

__all__ = ["SourceFile", "assemble", "check_sizes", "select_sources"]
