"""Read an artifact and hold it against what it should be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.archive.tree_digest import tree_digest
from builder.build_values import Artifact
from builder.errors import VerificationError
from builder.evidence.build_report import read_report, report_file, report_rows
from builder.verification.artifact_differences import Difference, DifferenceKind, compare
from builder.verification.byte_ranges import ArchiveListing, canonical, list_archive
from builder.verification.companions import compare_evidence_files, compare_with_checksums
from builder.verification.report_comparison import compare_reports, compare_with_lock, compare_with_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.build_values import Lock

_CONSEQUENCES = ("artifact.", "packages[")
"""Keys of the report that follow from the archive: told only when the archives themselves are equal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VerificationResult:
    """What was found out about an artifact.

    Attributes:
        artifact: Its digests and sizes, computed from the file.
        report: The report beside it; empty when there is none.
        listing: The archive, member by member.
        differences: Everything that is not as it should be; empty means that the artifact is sound.
        rebuilt: Whether it was built again and compared.
    """

    artifact: Artifact
    report: Mapping[str, object]
    listing: ArchiveListing
    differences: tuple[Difference, ...]
    rebuilt: bool = False


def examine_artifact(file: Path, *, report_needed: bool = True) -> VerificationResult:
    """Read an artifact strictly, and compare it with the form that the kit writes and with the report beside it.

    Args:
        file: The ZIP.
        report_needed: Whether a missing report is an error.

    Raises:
        VerificationError: It is not a ZIP that every program reads alike, or the report is missing or unreadable.
    """
    listing = list_archive(file)
    artifact = Artifact(
        file=file.absolute(),
        sha256=listing.sha256,
        size=listing.size,
        unpacked_size=sum(member.size for member in listing.members),
        entries=len(listing.members),
        tree_digest=tree_digest(listing.members),
    )
    found = compare(listing, canonical(listing))
    beside = report_file(file)
    report = read_report(beside)
    if report is None and (report_needed or beside.exists()):
        what = "cannot be read as a report of this kit" if beside.exists() else "is missing"
        message = f"{beside.name} {what}: nothing says what {file.name} should be."
        hint = "Put the report that was written with the artifact beside it, or compare with the sources: --rebuild."
        raise VerificationError(message, hint=hint)
    if report is not None:
        found += compare_with_report(artifact, listing.members, report, report_rows(report))
    found = (*found, *compare_with_checksums(file))
    return VerificationResult(artifact=artifact, report=report or {}, listing=listing, differences=found)


def add_lock_differences(seen: VerificationResult, lock: Lock) -> VerificationResult:
    """Add the packages that the report names otherwise than the lock."""
    return replace(seen, differences=(*seen.differences, *compare_with_lock(seen.report, lock)))


def add_rebuild_differences(seen: VerificationResult, again: Path, report: Mapping[str, object]) -> VerificationResult:
    """Add every path in which an artifact differs from the same plugin built again.

    Args:
        seen: The artifact as ``examine_artifact`` found it.
        again: The ZIP that was built again.
        report: The report of that build.

    Raises:
        VerificationError: The new ZIP cannot be read.
    """
    wanted = list_archive(again)
    archive = compare(seen.listing, wanted)
    told = compare_reports(seen.report, report) if seen.report else ()
    if archive:
        told = tuple(difference for difference in told if not difference.path.startswith(_CONSEQUENCES))
    elif wanted.sha256 != seen.listing.sha256:
        archive = (
            Difference(kind=DifferenceKind.BYTES, path="", detail="other bytes, though every file and header is equal"),
        )
    beside = report_file(seen.artifact.file)
    if seen.report and not told and not archive and beside.read_bytes() != report_file(again).read_bytes():
        told = (Difference(kind=DifferenceKind.REPORT, path="", detail=f"{beside.name} says the same in other bytes"),)
    if not archive:
        told = (*told, *compare_evidence_files(seen.artifact.file, again))
    differences = dict.fromkeys((*seen.differences, *archive, *told))
    return replace(seen, differences=tuple(differences), rebuilt=True)
