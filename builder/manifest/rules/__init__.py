"""The meaning of the values in a manifest: one small rule per module, named after what it checks.

A rule gets one table without the values that violate the schema, and yields findings whose paths
start at that table. No rule does I/O or asks for the time: today is part of its subject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.rules import (
    allowed_missing_imports,
    allowed_missing_libraries,
    allowed_secrets,
    base_url,
    cors,
    cron_schedule,
    display_name,
    endpoint_url,
    environment_variables,
    handler,
    image_build,
    interception_subscriptions,
    notification_subscriptions,
    package_type,
    path_settings,
    plugin_name,
    prebuilt_zip,
    preferred_packages,
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
    plugin_name.check,
    display_name.check,
    version.check,
    package_type.check,
    runtime.check,
    handler.check,
    environment_variables.check,
    interception_subscriptions.check,
    notification_subscriptions.check,
    cron_schedule.check,
    cors.check,
)
"""Rules for ``[plugin]``, with and without the overrides of an environment."""

BUILD_RULES: tuple[Rule, ...] = (
    path_settings.check,
    preferred_packages.check,
    shared_folders.check,
    image_build.check,
    prebuilt_zip.check,
    source_packages.check,
    allowed_missing_libraries.check,
    allowed_missing_imports.check,
    allowed_secrets.check,
)
"""Rules for ``[build]``."""

ENVIRONMENT_RULES: tuple[Rule, ...] = (base_url.check, endpoint_url.check)
"""Rules for the keys that only ``[environments.NAME]`` has."""
