"""The files of evidence beside an artifact: as their digests say, and as the same build makes them again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from builder.evidence.checksums import evidence_files, file_digest
from builder.quoting import printable
from builder.verification.artifact_differences import Difference, DifferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OWN_PER_RUN: Final = frozenset({"report", "provenance", "digests"})
"""The report is compared key by key; provenance tells when it was made, and the digests cover provenance."""
_LINE: Final = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>[^/\\]+)")


def compare_with_checksums(artifact: Path) -> Iterator[Difference]:
    """Files that are not what ``<name>-<version>.sha256`` says; none when there is no such file."""
    seal = evidence_files(artifact)["digests"]
    if not seal.is_file():
        return
    for line in seal.read_text("utf-8", "replace").splitlines():
        told = _LINE.fullmatch(line)
        if told is None:
            detail = f"is no line of a digest and a file's name: {printable(line)[:80]!r}"
            yield Difference(kind=DifferenceKind.REPORT, path=seal.name, detail=detail)
            continue
        file = artifact.with_name(told["name"])
        if not file.is_file():
            yield Difference(kind=DifferenceKind.REPORT, path=file.name, detail=f"is missing, {seal.name} names it")
        elif (digest := file_digest(file)) != told["digest"]:
            detail = f"its sha256 is {digest[:16]}…, {seal.name} says {told['digest'][:16]}…"
            yield Difference(kind=DifferenceKind.REPORT, path=file.name, detail=detail)


def compare_evidence_files(artifact: Path, again: Path) -> Iterator[Difference]:
    """Files of evidence that the same build makes otherwise; those that are not there were perhaps not kept."""
    ours, theirs = evidence_files(artifact), evidence_files(again)
    for kind in sorted(ours.keys() - _OWN_PER_RUN):
        both = ours[kind], theirs[kind]
        if all(file.is_file() for file in both) and both[0].read_bytes() != both[1].read_bytes():
            yield Difference(
                kind=DifferenceKind.REPORT, path=both[0].name, detail="has other bytes than when it is built again"
            )
