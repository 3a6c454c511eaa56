"""Reads the parts of a manifest that are valid although others are not: the handler, the name, the environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import KitError, Severity
from builder.manifest.environments import LOCAL, apply_overrides
from builder.manifest.model import PackageType
from builder.manifest.text.toml_document import decode, parse_toml
from builder.manifest.validation import check_document
from builder.platform.runtimes import RUNTIMES, Runtime

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

_HANDLER_KEYS = {("plugin",), ("plugin", "handler"), ("plugin", "runtime"), ("build",), ("build", "root")}


class HandlerSettings(Struct, frozen=True, kw_only=True):
    """The settings of ``[plugin]`` and ``[build]`` for the handler; all of them are valid."""

    root: str
    shared: Mapping[str, str]
    handler: str
    runtime: Runtime


class PluginSummary(Struct, frozen=True, kw_only=True):
    """The name of a plugin, and its environments.

    Attributes:
        folder: The folder of plugin.toml.
        name: The plugin's name in the requested environment.
        runtime: As written, or empty.
        environments: Every ``[environments.NAME]`` table as written; only the requested one is known to be valid.
    """

    folder: Path
    name: str
    runtime: str
    environments: Mapping[str, Mapping[str, object]]


def read_plugin_summary(file: Path, *, environment: str | None, today: date) -> PluginSummary | None:
    """The plugin's name and environments, or None if these have problems themselves.

    So people can look at a plugin and disable it while its manifest has other problems.
    """
    try:
        data = parse_toml(decode(file.read_bytes(), file=file.name), file=file.name)
    except (KitError, OSError):
        return None
    plugin, environments = data.get("plugin"), data.get("environments", {})
    if not isinstance(plugin, dict) or not isinstance(environments, dict):
        return None
    is_known = environment is None or environment == LOCAL or isinstance(environments.get(environment), dict)
    required = {("plugin", "name"), *(("environments", environment, key) for key in ("name", "baseUrl"))}
    errors = [finding.path for finding in check_document(data, today=today) if finding.severity is Severity.ERROR]
    if not is_known or required.intersection(errors):
        return None
    merged = apply_overrides(plugin, environments.get(environment, {}) if environment else {})
    tables = {name: table for name, table in environments.items() if isinstance(table, dict)}
    if not merged.get("name"):
        return None
    return PluginSummary(
        folder=file.absolute().parent,
        name=str(merged["name"]),
        runtime=str(merged.get("runtime", "")),
        environments=tables,
    )


def read_handler_settings(file: Path, *, today: date) -> HandlerSettings | None:
    """The settings for the handler, or None if these have problems themselves."""
    try:
        data = parse_toml(decode(file.read_bytes(), file=file.name), file=file.name)
    except (KitError, OSError):
        return None
    findings = check_document(data, today=today)
    if any(
        (finding.path in _HANDLER_KEYS or finding.path[:2] == ("build", "shared"))
        and finding.severity is Severity.ERROR
        for finding in findings
    ):
        return None
    plugin, build = data.get("plugin"), data.get("build", {})
    if not isinstance(plugin, dict) or not isinstance(build, dict) or str(plugin.get("runtime")) not in RUNTIMES:
        return None
    pushed = plugin.get("deploymentPackageType") == PackageType.IMAGE and "imageTag" in plugin
    if pushed or "prebuilt" in build:
        # Other tools built the code: Lambda calls what the image's CMD says, or what is in their ZIP.
        return None
    return HandlerSettings(
        root=str(build.get("root", "src")),
        shared=build.get("shared", {}),
        handler=str(plugin.get("handler", "index.handler")),
        runtime=RUNTIMES[str(plugin["runtime"])],
    )
