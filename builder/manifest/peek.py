"""Where the handler should be, read from a manifest whose other problems are told at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import KitError, Severity
from builder.manifest.checking import check_document
from builder.manifest.document import decode, parse_toml
from builder.manifest.model import PackageType
from builder.platform.runtimes import RUNTIMES, Runtime

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

_NEEDED = {("plugin",), ("plugin", "handler"), ("plugin", "runtime"), ("build",), ("build", "root")}


@dataclass(frozen=True, kw_only=True, slots=True)
class HandlerPlace:
    """What ``[plugin]`` and ``[build]`` say about the handler; every part passed its rules."""

    root: str
    shared: Mapping[str, str]
    handler: str
    runtime: Runtime


def peek_handler(file: Path, *, today: date) -> HandlerPlace | None:
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
    return HandlerPlace(
        root=str(build.get("root", "src")),
        shared=build.get("shared", {}),
        handler=str(plugin.get("handler", "index.handler")),
        runtime=RUNTIMES[str(plugin["runtime"])],
    )
