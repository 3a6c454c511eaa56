"""Everything that is written beside an artifact, in one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from builder.archive.atomic_files import whole_file
from builder.evidence.checksums import evidence_files, write_seal
from builder.evidence.provenance.statement import build_statement, render_statement, with_run
from builder.evidence.sbom.cyclonedx import build_sbom, render_sbom
from builder.evidence.sbom.inventory import take_inventory
from builder.evidence.sbom.licences import licence_texts
from builder.evidence.soup.soup_file import soup_warnings
from builder.evidence.soup.soup_list import render_csv, render_markdown, soup_rows

if TYPE_CHECKING:
    from pathlib import Path

    from builder.build_values import Artifact, Bundle
    from builder.errors import Problem
    from builder.evidence.evidence_settings import Settings
    from builder.evidence.sbom.package_facts import Study
    from builder.manifest.model import Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A build that is done, except for its evidence.

    Attributes:
        manifest: The plugin.
        known: What the packages say about themselves.
        bundle: What went in.
        artifact: What came out; its report lies beside it already.
        settings: What decides the evidence besides these.
    """

    manifest: Manifest
    known: Study
    bundle: Bundle
    artifact: Artifact
    settings: Settings


def write_evidence(made: Made) -> tuple[Problem, ...]:
    """Write every file of evidence beside the artifact, and their digests last.

    Args:
        made: The build.

    Returns:
        Warnings about ``soup.toml``.

    Raises:
        PackagingError: A file cannot be written.
    """
    manifest, artifact, settings = made.manifest, made.artifact, made.settings
    inventory = take_inventory(manifest, made.bundle, made.known)
    rows = soup_rows(manifest, inventory, settings.soup)
    label = f"{manifest.plugin.name} {manifest.plugin.version}"
    files = evidence_files(artifact.file)
    for kind, content in {
        "sbom": render_sbom(build_sbom(manifest, inventory, artifact, settings.soup, epoch=settings.epoch)),
        "soup": render_csv(rows),
        "soup-for-people": render_markdown(manifest, rows),
        "licences": licence_texts(label, inventory, made.known.texts),
    }.items():
        _write(files[kind], content)
    statement = with_run(
        build_statement(manifest, made.bundle, inventory, artifact, settings),
        started=settings.started,
        finished=datetime.now(UTC),
        byproducts=[file for kind, file in files.items() if kind not in {"provenance", "digests"}],
    )
    _write(files["provenance"], render_statement(statement, settings.signer))
    write_seal(artifact.file, artifact.sha256)
    return soup_warnings(settings.soup, [(row[0], row[1]) for row in rows])


def _write(file: Path, content: bytes) -> None:
    with whole_file(file) as stream:
        stream.write(content)
