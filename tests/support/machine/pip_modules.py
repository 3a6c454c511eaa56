"""What pip imports for its commands that the kit runs, imported before pip runs."""

from __future__ import annotations

from importlib import import_module

MODULES = (
    "_internal.cli.main",
    "_internal.commands.configuration",
    "_internal.commands.download",
    "_internal.commands.index",
    "_internal.commands.wheel",
    "_internal.network.session",
    "_internal.operations.prepare",
    "_internal.resolution.resolvelib.resolver",
    "_vendor.cachecontrol.caches",
    "_vendor.certifi",
    "_vendor.packaging.requirements",
    "_vendor.packaging.tags",
    "_vendor.packaging.utils",
    "_vendor.platformdirs",
    "_vendor.pyproject_hooks",
    "_vendor.requests",
    "_vendor.resolvelib",
    "_vendor.rich.console",
    "_vendor.rich.logging",
    "_vendor.rich.markup",
    "_vendor.rich.progress",
    "_vendor.rich.traceback",
    "_vendor.tomli_w",
    "_vendor.truststore",
    "_vendor.urllib3",
)

for module in MODULES:
    import_module(f"pip.{module}")
