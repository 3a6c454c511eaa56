"""How far one plugin is: chosen, checked, gathered, packaged. Each step takes one of these and returns the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from builder.build_values import Artifact, Lock
    from builder.bundle import SourceFile
    from builder.coldstart.cold_start_tools import ColdStartTools
    from builder.errors import Problem
    from builder.evidence import PackageRow, Settings
    from builder.manifest.model import Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """Which plugin to work on.

    Attributes:
        start: A folder of the plugin, or its plugin.toml; the manifest is looked for here and above.
        environment: The ``[environments.NAME]`` to apply, or None.
        today: The day the runtimes' life cycles are judged by.
        store: A folder of packs or an ``s3://`` address, where not only ``BIOT_PLUGIN_STORE`` counts; or empty.
    """

    start: Path
    environment: str | None
    today: date
    store: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A plugin whose manifest and handler are fine, with what should be told anyway."""

    manifest: Manifest
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Everything that decides an artifact's bytes, before a package was fetched."""

    checked: Checked
    lock: Lock
    sources: tuple[SourceFile, ...]
    inputs: str
    target: Path
    evidence: Settings
    cold_start_tools: ColdStartTools


@dataclass(frozen=True, kw_only=True, slots=True)
class Packaged:
    """A written artifact and the report beside it.

    ``unchanged`` says that an earlier run wrote these very bytes from these very inputs, so nothing was written now.
    ``advice`` are lines that name a choice which would make it smaller or start faster, told when it is written.
    """

    artifact: Artifact
    report: Mapping[str, object]
    report_file: Path
    packages: tuple[PackageRow, ...]
    warnings: tuple[Problem, ...]
    unchanged: bool
    advice: tuple[str, ...] = ()
