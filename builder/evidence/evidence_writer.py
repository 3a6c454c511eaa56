"""Write all evidence of a finished build beside its artifact."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.archive.atomic_files import atomic_file
from builder.evidence.checksums import evidence_files, write_checksums
from builder.evidence.provenance.statement import StatementInputs, build_statement, render_statement, with_run
from builder.evidence.sbom.cyclonedx import build_sbom, render_sbom
from builder.evidence.sbom.inventory import take_inventory
from builder.evidence.sbom.licences import licence_texts
from builder.evidence.soup.soup_file import soup_warnings
from builder.evidence.soup.soup_list import render_csv, render_markdown, soup_rows

if TYPE_CHECKING:
    from pathlib import Path

    from builder.build_values import Artifact, Bundle
    from builder.errors import Problem
    from builder.evidence.components import PackageAnalysis
    from builder.evidence.evidence_settings import EvidenceSettings
    from builder.image.base_image import UsedImage
    from builder.manifest.model import Manifest


class FinishedBuild(Struct, frozen=True, kw_only=True):
    """A build that is done, except for its evidence.

    Attributes:
        manifest: The plugin.
        analysis: The metadata of the packages.
        bundle: The files of the artifact.
        artifact: The written ZIP; its report is already beside it.
        settings: What decides the evidence besides these.
        images: What an image was made of; empty for a ZIP.
    """

    manifest: Manifest
    analysis: PackageAnalysis
    bundle: Bundle
    artifact: Artifact
    settings: EvidenceSettings
    images: tuple[UsedImage, ...] = ()


def write_evidence(build: FinishedBuild) -> tuple[Problem, ...]:
    """Write every evidence file beside the artifact, and the checksums of them all last.

    Returns:
        Warnings about ``soup.toml``.

    Raises:
        PackagingError: A file cannot be written.
    """
    manifest, artifact, settings = build.manifest, build.artifact, build.settings
    inventory = take_inventory(manifest, build.bundle, build.analysis, build.images)
    rows = soup_rows(manifest, inventory, settings.soup)
    label = f"{manifest.plugin.name} {manifest.plugin.version}"
    files = evidence_files(artifact.file)
    for kind, content in {
        "sbom": render_sbom(build_sbom(manifest, inventory, artifact, settings.soup, epoch=settings.epoch)),
        "soup": render_csv(rows),
        "soupMarkdown": render_markdown(manifest, rows),
        "licences": licence_texts(label, inventory, build.analysis.texts),
    }.items():
        _write(files[kind], content)
    statement = with_run(
        build_statement(
            manifest,
            build.bundle,
            inventory,
            artifact,
            StatementInputs(files=settings.input_files, epoch=settings.epoch),
        ),
        started=settings.started,
        finished=datetime.now(UTC),
        byproducts=[file for kind, file in files.items() if kind not in {"provenance", "digests"}],
    )
    _write(files["provenance"], render_statement(statement, settings.signer))
    write_checksums(artifact.file, artifact.sha256)
    return soup_warnings(settings.soup, [(row[0], row[1]) for row in rows])


def _write(file: Path, content: bytes) -> None:
    with atomic_file(file) as stream:
        stream.write(content)
