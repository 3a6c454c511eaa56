"""Keys, tokens and passwords in the plugin's own files: found before anything is written, and never shown.

Offers ``refuse_secrets`` for files and ``check_variables`` for plugin.toml. Never looks into packages.
"""

from __future__ import annotations

from builder.secrets.secret_check import check_variables, refuse_secrets

__all__ = ["check_variables", "refuse_secrets"]
