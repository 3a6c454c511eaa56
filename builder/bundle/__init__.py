"""Decides what goes into the artifact: the plugin's own files, its packages, and both as one tree.

It offers ``select_sources``, ``walk_sources``, ``listed_folders``, ``check_sizes`` and, in ``assemble``, the tree
itself. It never writes a file and never downloads a package. ``builder.bundle.assemble`` is not imported here: a run
that finds nothing changed does not need it.
"""

from __future__ import annotations

from builder.bundle.selection import listed_folders, select_sources, walk_sources
from builder.bundle.size_limits import check_image_size, check_sizes
from builder.bundle.source_files import SourceFile

__all__ = ["SourceFile", "check_image_size", "check_sizes", "listed_folders", "select_sources", "walk_sources"]
