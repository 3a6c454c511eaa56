"""Does the plugin's own code parse on the runtime, and does it find what it imports? Nothing of it is executed."""

from __future__ import annotations

from builder.code.missing_imports import refuse_missing_imports
from builder.code.syntax_check import refuse_syntax_errors

__all__ = ["refuse_missing_imports", "refuse_syntax_errors"]
