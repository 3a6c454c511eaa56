"""Checks that the handler and the hooks that plugin.toml names exist. It reads the code and never runs it.

It offers ``check_handler`` and ``check_hooks``. Only ``source_modules`` reads files; the other
modules work on text.
"""

from __future__ import annotations

from builder.handler.handler_check import check_handler
from builder.handler.hook_check import check_hooks
from builder.handler.source_layout import SourceLayout

__all__ = ["SourceLayout", "check_handler", "check_hooks"]
