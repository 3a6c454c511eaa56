"""Compare the files beside an artifact with their checksums, and with those of a new build."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from builder.evidence.checksums import evidence_files, file_digest
from builder.quoting import printable
from builder.verification.artifact_differences import Difference, DifferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DIFFERENT_PER_RUN: Final = frozenset({"report", "provenance", "digests"})
"""Not compared: the report is compared key by key, provenance has the time, and the checksums cover provenance."""
_IN_IMAGE: Final = r"[^/\\]+\.oci/(?:oci-layout|index\.json|blobs/sha256/[0-9a-f]{64})"
_LINE: Final = re.compile(rf"(?P<digest>[0-9a-f]{{64}})  (?P<name>[^/\\]+|{_IN_IMAGE})")


def compare_with_checksums(artifact: Path) -> Iterator[Difference]:
    """Files that differ from ``<name>-<version>.sha256``; nothing without such a file."""
    checksums = evidence_files(artifact)["digests"]
    if not checksums.is_file():
        return
    for line in checksums.read_text("utf-8", "replace").splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            detail = f"is not a line with a digest and a file name: {printable(line)[:80]!r}"
            yield Difference(kind=DifferenceKind.REPORT, path=checksums.name, detail=detail)
            continue
        file = artifact.parent / match["name"]
        if not file.is_file():
            yield Difference(
                kind=DifferenceKind.REPORT, path=file.name, detail=f"is missing, but {checksums.name} lists it"
            )
        elif (digest := file_digest(file)) != match["digest"]:
            detail = f"its sha256 is {digest[:16]}…, but {checksums.name} has {match['digest'][:16]}…"
            yield Difference(kind=DifferenceKind.REPORT, path=file.name, detail=detail)


def compare_evidence_files(artifact: Path, rebuilt: Path) -> Iterator[Difference]:
    """Evidence files that a new build writes differently. Missing files do not count: perhaps nobody kept them."""
    actual, expected = evidence_files(artifact), evidence_files(rebuilt)
    for kind in sorted(actual.keys() - _DIFFERENT_PER_RUN):
        both = actual[kind], expected[kind]
        if all(file.is_file() for file in both) and both[0].read_bytes() != both[1].read_bytes():
            yield Difference(
                kind=DifferenceKind.REPORT, path=both[0].name, detail="differs from the file that a new build writes"
            )
