"""Checks the plugin's own code, without running it: whether it parses, and whether its imports exist.

It offers ``refuse_syntax_errors`` and ``refuse_missing_imports``. Two parsers, ruff and oxlint, run
as programs on copies in a temporary folder.
"""

from __future__ import annotations

from builder.code.missing_imports import refuse_missing_imports
from builder.code.syntax_check import refuse_syntax_errors

__all__ = ["refuse_missing_imports", "refuse_syntax_errors"]
