"""What goes into the artifact: the plugin's own files, its packages, and the two as one tree.

``builder.bundle.assemble`` is not imported here: a run that finds nothing changed never needs it.
"""

from __future__ import annotations

from builder.bundle.selection import select_sources
from builder.bundle.size_limits import check_sizes
from builder.bundle.source_files import SourceFile

__all__ = ["SourceFile", "check_sizes", "select_sources"]
