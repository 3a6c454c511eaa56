"""The libraries that pip carries along, imported before pip runs: none of them reads an environment variable."""

from __future__ import annotations

from importlib import import_module

LIBRARIES = (
    "cachecontrol.caches",
    "certifi",
    "packaging.requirements",
    "packaging.tags",
    "packaging.utils",
    "platformdirs",
    "pyproject_hooks",
    "requests",
    "resolvelib",
    "rich.console",
    "rich.logging",
    "rich.markup",
    "rich.progress",
    "rich.traceback",
    "tomli_w",
    "truststore",
    "urllib3",
)

for library in LIBRARIES:
    import_module(f"pip._vendor.{library}")
