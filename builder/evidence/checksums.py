"""``<name>-<version>.sha256``: the digest of every file that a build wrote, in the words of ``sha256sum --check``."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from builder.archive.atomic_files import atomic_file
from builder.evidence.build_report import report_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EVIDENCE = {
    "sbom": ".cdx.json",
    "soup": ".soup.csv",
    "soup-for-people": ".soup.md",
    "licences": ".licenses.txt",
    "provenance": ".provenance.json",
}
"""What lies beside every artifact besides its report: what it is -> how its name ends."""

_SUFFIX = ".sha256"


def file_digest(file: Path) -> str:
    """The sha256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def evidence_path(artifact: Path, suffix: str) -> Path:
    """``dist/a-1.cdx.json`` beside ``dist/a-1.zip``."""
    return artifact.with_name(artifact.name.removesuffix(".zip") + suffix)


def evidence_files(artifact: Path) -> dict[str, Path]:
    """Every file beside an artifact by what it is: the report, the evidence, and the digests of them all."""
    files = {"report": report_file(artifact)}
    files |= {kind: evidence_path(artifact, suffix) for kind, suffix in EVIDENCE.items()}
    return files | {"digests": evidence_path(artifact, _SUFFIX)}


def write_checksums(artifact: Path, sha256: str) -> None:
    """Write the digests of the artifact and of everything beside it; the last file of a build.

    Raises:
        PackagingError: It cannot be written.
    """
    with atomic_file(evidence_path(artifact, _SUFFIX)) as stream:
        stream.write(_text(artifact, sha256))


def checksums_match(artifact: Path, sha256: str) -> bool:
    """Whether everything that a build writes beside an artifact is there and as it was written.

    Args:
        artifact: The ZIP.
        sha256: Of the ZIP, which the caller computed.
    """
    try:
        return evidence_path(artifact, _SUFFIX).read_bytes() == _text(artifact, sha256)
    except OSError:
        return False


def _text(artifact: Path, sha256: str) -> bytes:
    lines = [f"{sha256}  {artifact.name}"]
    lines += [f"{file_digest(file)}  {file.name}" for file in _sealed(artifact)]
    return "".join(f"{line}\n" for line in lines).encode()


def _sealed(artifact: Path) -> Iterable[Path]:
    files = evidence_files(artifact)
    del files["digests"]
    return files.values()
