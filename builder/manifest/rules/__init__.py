"""What the values of a manifest mean: one small rule per file, each told apart by its name.

A rule gets one table whose shape was checked (values of the wrong shape are left out) and yields findings whose paths
start at that table. No rule does I/O or knows the time: today is part of its subject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.rules import (
    address,
    allowed_secrets,
    cors,
    cron,
    display_name,
    environment_variables,
    handler,
    interception_subscriptions,
    missing_imports,
    missing_libraries,
    name,
    notification_subscriptions,
    package_type,
    path_settings,
    preferences,
    runtime,
    shared_folders,
    source_packages,
    version,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from builder.manifest.finding import Finding
    from builder.manifest.rules.subject import Subject

    Rule = Callable[[Subject], Iterator[Finding]]

PLUGIN_RULES: tuple[Rule, ...] = (
    name.check,
    display_name.check,
    version.check,
    package_type.check,
    runtime.check,
    handler.check,
    environment_variables.check,
    interception_subscriptions.check,
    notification_subscriptions.check,
    cron.check,
    cors.check,
)
"""Rules for ``[plugin]``, also after the values of an environment were laid over it."""

BUILD_RULES: tuple[Rule, ...] = (
    path_settings.check,
    preferences.check,
    shared_folders.check,
    source_packages.check,
    missing_libraries.check,
    missing_imports.check,
    allowed_secrets.check,
)
"""Rules for ``[build]``."""

ENVIRONMENT_RULES: tuple[Rule, ...] = (address.check,)
"""Rules for what only ``[environments.NAME]`` has."""
