"""Keys, tokens and passwords among the plugin's own files: found before anything is written, never shown."""

from __future__ import annotations

from builder.secrets.secret_check import check_variables, refuse_secrets

__all__ = ["check_variables", "refuse_secrets"]
