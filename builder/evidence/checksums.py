"""The files beside an artifact, and their checksums for ``sha256sum --check``, in ``<name>-<version>.sha256``."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from builder.archive.atomic_files import atomic_file
from builder.evidence.build_report import report_file
from builder.image.layout_files import artifact_stem, image_digest, is_layout, layout_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EVIDENCE = {
    "sbom": ".cdx.json",
    "soup": ".soup.csv",
    "soupMarkdown": ".soup.md",
    "licences": ".licenses.txt",
    "provenance": ".provenance.json",
}
"""Kind -> suffix of the files beside every artifact, besides its report."""

_SUFFIX = ".sha256"


def file_digest(file: Path) -> str:
    """The sha256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def artifact_digest(artifact: Path) -> str:
    """The sha256 of a ZIP, or the digest of an image's manifest as its index names it; in hex.

    Raises:
        OSError: The artifact cannot be read.
        ValueError: The index of the image is damaged.
    """
    return image_digest(artifact) if is_layout(artifact) else file_digest(artifact)


def evidence_path(artifact: Path, suffix: str) -> Path:
    """``dist/a-1.cdx.json`` beside ``dist/a-1.zip``."""
    return artifact.with_name(artifact_stem(artifact) + suffix)


def evidence_files(artifact: Path) -> dict[str, Path]:
    """Kind -> file of everything beside an artifact: the report, the evidence, and the checksums of them all."""
    files = {"report": report_file(artifact)}
    files |= {kind: evidence_path(artifact, suffix) for kind, suffix in EVIDENCE.items()}
    return files | {"digests": evidence_path(artifact, _SUFFIX)}


def write_checksums(artifact: Path, sha256: str) -> None:
    """Write the checksums of the artifact and of every file beside it. This is the last file of a build.

    Raises:
        PackagingError: It cannot be written.
    """
    with atomic_file(evidence_path(artifact, _SUFFIX)) as stream:
        stream.write(_text(artifact, sha256))


def checksums_match(artifact: Path, sha256: str) -> bool:
    """Whether every file that a build wrote beside an artifact still exists, unchanged.

    Args:
        artifact: The ZIP or the image.
        sha256: Of the ZIP, as the caller computed it; every file of an image is hashed here.
    """
    try:
        return evidence_path(artifact, _SUFFIX).read_bytes() == _text(artifact, sha256)
    except OSError:
        return False


def _text(artifact: Path, sha256: str) -> bytes:
    lines = [f"{sha256}  {artifact.name}"]
    if is_layout(artifact):
        inside = layout_files(artifact).items()
        lines = [f"{file_digest(file)}  {artifact.name}/{path}" for path, file in inside]
    lines += [f"{file_digest(file)}  {file.name}" for file in _listed_files(artifact)]
    return "".join(f"{line}\n" for line in lines).encode()


def _listed_files(artifact: Path) -> Iterable[Path]:
    files = evidence_files(artifact)
    del files["digests"]
    return files.values()
