"""Everything that is written beside an artifact, in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.archive.whole import whole_file
from builder.evidence.inventory import take_inventory
from builder.evidence.sbom import build_sbom, render_sbom
from builder.evidence.seal import evidence_files, write_seal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.evidence.settings import Settings
    from builder.manifest.model import Manifest
    from builder.values import Artifact, Bundle, Pack


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A build that is done, except for its evidence.

    Attributes:
        manifest: The plugin.
        packs: The packages.
        bundle: What went in.
        artifact: What came out; its report lies beside it already.
        direct: What the plugin itself asks for: PEP 508 lines, or names of npm packages.
        settings: What decides the evidence besides these.
    """

    manifest: Manifest
    packs: Sequence[Pack]
    bundle: Bundle
    artifact: Artifact
    direct: Sequence[str]
    settings: Settings


def write_evidence(made: Made) -> None:
    """Write every file of evidence beside the artifact, and their digests last.

    Raises:
        VerificationError: A pack was changed while it was read.
        PackagingError: A file cannot be written.
    """
    inventory = take_inventory(made.manifest, made.bundle, made.packs, made.direct)
    soup, epoch = made.settings.soup, made.settings.epoch
    contents = {"sbom": render_sbom(build_sbom(made.manifest, inventory, made.artifact, soup, epoch=epoch))}
    files = evidence_files(made.artifact.file)
    for kind, content in contents.items():
        with whole_file(files[kind]) as stream:
            stream.write(content)
    write_seal(made.artifact.file, made.artifact.sha256)
