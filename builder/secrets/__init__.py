"""Keys, tokens and passwords among the plugin's own files: found before anything is written, never shown."""

from __future__ import annotations

from builder.secrets.check import refuse_secrets, variable_warnings

__all__ = ["refuse_secrets", "variable_warnings"]
