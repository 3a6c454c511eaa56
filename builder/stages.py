"""The stages of one plugin: chosen, checked, gathered, packaged. Each step takes one of these and returns the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from builder.archive.file_results import FileResults
    from builder.build_values import Artifact, Lock
    from builder.bundle import SourceFile
    from builder.coldstart.cold_start_tools import ColdStartTools
    from builder.errors import Problem
    from builder.evidence import EvidenceSettings, PackageRow
    from builder.image.base_image import BaseImage
    from builder.manifest.model import Manifest


class Project(Struct, frozen=True, kw_only=True):
    """The plugin to work on, as the command line names it.

    Attributes:
        start: A folder of the plugin, or its plugin.toml; the manifest is searched for here and
            above.
        environment: The ``[environments.NAME]`` to apply, or None.
        today: The day that the runtimes' life cycles are judged by.
        store: A folder of packs or an ``s3://`` address that replaces ``BIOT_PLUGIN_STORE``; or
            empty.
    """

    start: Path
    environment: str | None
    today: date
    store: str = ""


class CheckedPlugin(Struct, frozen=True, kw_only=True):
    """A plugin whose manifest and handler are valid, with the warnings about it."""

    manifest: Manifest
    warnings: tuple[Problem, ...]


class BuildInputs(Struct, frozen=True, kw_only=True):
    """Everything that decides an artifact's bytes. No package has been read or fetched yet.

    Attributes:
        checked: The plugin and its warnings.
        lock: The pinned packages.
        sources: The plugin's own files.
        digest: ``inputs_digest`` over all of these: the same digest gives the same artifact.
        target: Where the ZIP or the image will be written.
        evidence: Settings of the files beside the artifact.
        cold_start_tools: What the manifest chose for the cold start, with its tools.
        results: What earlier builds recorded about single files.
        base: The base image; None for a ZIP.
    """

    checked: CheckedPlugin
    lock: Lock
    sources: tuple[SourceFile, ...]
    digest: str
    target: Path
    evidence: EvidenceSettings
    cold_start_tools: ColdStartTools
    results: FileResults
    base: BaseImage | None = None


class UnlockedInputs(Struct, frozen=True, kw_only=True):
    """A plugin without a lock: a Docker engine, or the tool that built its ZIP, decides the rest.

    Attributes:
        checked: The plugin and its warnings.
        target: Where the image or the ZIP will be written.
    """

    checked: CheckedPlugin
    target: Path


class PackagedPlugin(Struct, frozen=True, kw_only=True):
    """A written artifact and the report beside it.

    Attributes:
        artifact: The ZIP or the image.
        report: Its build report.
        report_file: Where the report is.
        packages: Sizes by package.
        warnings: Of the checks and the build.
        unchanged: Whether an earlier build wrote these bytes from the same inputs, so that nothing
            was written now.
        advice: Lines that name a setting which would make the artifact smaller or start faster;
            empty if unchanged.
    """

    artifact: Artifact
    report: Mapping[str, object]
    report_file: Path
    packages: tuple[PackageRow, ...]
    warnings: tuple[Problem, ...]
    unchanged: bool
    advice: tuple[str, ...] = ()
