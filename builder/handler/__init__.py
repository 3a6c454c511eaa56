"""Are the handler and the hooks that plugin.toml names really there? Found by reading the code, never by running it."""

from __future__ import annotations

from builder.handler.handler_check import check_handler
from builder.handler.hook_check import check_hooks
from builder.handler.source_layout import SourceLayout

__all__ = ["SourceLayout", "check_handler", "check_hooks"]
