"""Are the handler and the hooks that plugin.toml names really there? Found by reading the code, never by running it."""

from __future__ import annotations

from builder.handler.check import check_handler
from builder.handler.hooks import check_hooks
from builder.handler.places import Places

__all__ = ["Places", "check_handler", "check_hooks"]
