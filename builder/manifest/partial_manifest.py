"""What a manifest with problems elsewhere still says: where its handler should be, and where it is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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

_NEEDED = {("plugin",), ("plugin", "handler"), ("plugin", "runtime"), ("build",), ("build", "root")}


@dataclass(frozen=True, kw_only=True, slots=True)
class HandlerSettings:
    """What ``[plugin]`` and ``[build]`` say about the handler; every part passed its rules."""

    root: str
    shared: Mapping[str, str]
    handler: str
    runtime: Runtime


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginSummary:
    """Which plugin a manifest is about, and the environments it knows.

    Attributes:
        folder: Of plugin.toml.
        name: Of the plugin, in the environment that was asked for.
        runtime: As written; empty when it has none.
        environments: Every ``[environments.NAME]`` table as written; only the one that was asked for passed its rules.
    """

    folder: Path
    name: str
    runtime: str
    environments: Mapping[str, Mapping[str, object]]


def read_plugin_summary(file: Path, *, environment: str | None, today: date) -> PluginSummary | None:
    """The plugin's name and environments, or None when what the manifest says about these is itself wrong.

    So a plugin can be looked at and switched off while its manifest is being worked on.
    """
    try:
        data = parse_toml(decode(file.read_bytes(), file=file.name), file=file.name)
    except (KitError, OSError):
        return None
    plugin, environments = data.get("plugin"), data.get("environments", {})
    if not isinstance(plugin, dict) or not isinstance(environments, dict):
        return None
    known = environment is None or environment == LOCAL or isinstance(environments.get(environment), dict)
    needed = {("plugin", "name"), *(("environments", environment, key) for key in ("name", "baseUrl"))}
    errors = [one.path for one in check_document(data, today=today) if one.severity is Severity.ERROR]
    if not known or needed.intersection(errors):
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
    """The handler's place, or None when what the manifest says about it is itself among the problems."""
    try:
        data = parse_toml(decode(file.read_bytes(), file=file.name), file=file.name)
    except (KitError, OSError):
        return None
    findings = check_document(data, today=today)
    if any(
        (finding.path in _NEEDED or finding.path[:2] == ("build", "shared")) and finding.severity is Severity.ERROR
        for finding in findings
    ):
        return None
    plugin, build = data.get("plugin"), data.get("build", {})
    if not isinstance(plugin, dict) or not isinstance(build, dict) or str(plugin.get("runtime")) not in RUNTIMES:
        return None
    if plugin.get("deploymentPackageType") == PackageType.IMAGE:
        # The image's CMD says what Lambda calls.
        return None
    return HandlerSettings(
        root=str(build.get("root", "src")),
        shared=build.get("shared", {}),
        handler=str(plugin.get("handler", "index.handler")),
        runtime=RUNTIMES[str(plugin["runtime"])],
    )
