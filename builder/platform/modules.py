"""Module names that Lambda's own runtimes need, so a plugin's file of that name would break every call.

Lambda puts the plugin's folder before the runtime's on the module path. Source: the contents of ``awslambdaric`` and
``aws-lambda-ric`` and of the runtimes' ``/var/runtime``.
"""

from __future__ import annotations

AS_OF = "2026-11-20"

PYTHON_RUNTIME_MODULES = frozenset(
    {
        "awslambdaric",
        "bootstrap",
        "lambda_internal",
        "runtime_client",
        "simplejson",
        "snapshot_restore_py",
    }
)
"""Top-level names beside those of the standard library (``sys.stdlib_module_names``)."""

NODE_RUNTIME_MODULES = frozenset({"aws-lambda-ric"})
"""Names under ``node_modules``."""
