"""Read an artifact and compare it with what it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from builder.archive.tree_digest import tree_digest
from builder.build_values import Artifact
from builder.errors import VerificationError
from builder.evidence.build_report import read_report, report_file, report_rows
from builder.image.dockerfile.dockerfile_layout import image_rows
from builder.image.layout_files import is_layout
from builder.image.layout_reader import ReadLayout, read_layout
from builder.verification.artifact_differences import Difference, DifferenceKind, compare
from builder.verification.byte_ranges import ArchiveListing, canonical, list_archive
from builder.verification.companions import compare_evidence_files, compare_with_checksums
from builder.verification.layout_differences import compare_layouts, compare_with_image_report
from builder.verification.report_comparison import (
    compare_image_rows,
    compare_reports,
    compare_with_lock,
    compare_with_report,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.build_values import Lock

_CONSEQUENCES = ("artifact.", "packages[")
"""Keys of the report that follow from the archive. They are compared only when the archives are equal."""


class VerificationResult(Struct, frozen=True, kw_only=True):
    """An artifact and its differences.

    Attributes:
        artifact: Its digests and sizes, computed from the file.
        report: The report beside it; empty without one.
        listing: The archive, member by member; or the image, layer by layer.
        differences: All differences; empty means that the artifact is what it claims to be.
        rebuilt: Whether it was compared with a new build.
    """

    artifact: Artifact
    report: Mapping[str, object]
    listing: ArchiveListing | ReadLayout
    differences: tuple[Difference, ...]
    rebuilt: bool = False


def examine_artifact(file: Path, *, report_needed: bool = True) -> VerificationResult:
    """Read an artifact strictly, and compare it with the form that the kit writes and with the report beside it.

    Args:
        file: The ZIP or the image.
        report_needed: Whether a missing report is an error.

    Raises:
        VerificationError: It is not a ZIP that all programs read the same way, or not an image in
            the form that the kit writes; or the report is missing or unreadable.
    """
    listing: ArchiveListing | ReadLayout
    differences: tuple[Difference, ...]
    if is_layout(file):
        listing = read_layout(file)
        artifact, differences = listing.artifact, ()
    else:
        listing = list_archive(file)
        artifact, differences = _artifact(file, listing), compare(listing, canonical(listing))
    report = _read_report(file, needed=report_needed)
    if report is not None and "prebuilt" in report:
        differences = ()  # another tool wrote the ZIP, in a form of its own
    if report is not None:
        rows = report_rows(report)
        if isinstance(listing, ReadLayout) and listing.has_dockerfile:
            differences += compare_with_report(artifact, (), report, ())
            differences += tuple(compare_image_rows(rows, image_rows(artifact)))
        else:
            differences += compare_with_report(artifact, listing.members, report, rows)
        if isinstance(listing, ReadLayout):
            differences = (*differences, *compare_with_image_report(listing, report))
    differences = (*differences, *compare_with_checksums(file))
    return VerificationResult(artifact=artifact, report=report or {}, listing=listing, differences=differences)


def _artifact(file: Path, listing: ArchiveListing) -> Artifact:
    return Artifact(
        file=file.absolute(),
        sha256=listing.sha256,
        size=listing.size,
        unpacked_size=sum(member.size for member in listing.members),
        entries=len(listing.members),
        tree_digest=tree_digest(listing.members),
    )


def _read_report(file: Path, *, needed: bool) -> Mapping[str, object] | None:
    file_of_report = report_file(file)
    report = read_report(file_of_report)
    if report is None and (needed or file_of_report.exists()):
        what = "is not a report of this kit" if file_of_report.exists() else "is missing"
        message = f"{file_of_report.name} {what}, so {file.name} cannot be compared with it."
        hint = "Put the report of the artifact's build beside it, or compare with the sources: --rebuild."
        raise VerificationError(message, hint=hint)
    return report


def add_lock_differences(result: VerificationResult, lock: Lock) -> VerificationResult:
    """Add the packages whose digests differ between the report and the lock."""
    return replace(result, differences=(*result.differences, *compare_with_lock(result.report, lock)))


def add_rebuild_differences(
    result: VerificationResult, rebuilt: Path, rebuilt_report: Mapping[str, object]
) -> VerificationResult:
    """Add every path in which an artifact differs from the same plugin built again.

    Args:
        result: The artifact as ``examine_artifact`` returned it.
        rebuilt: The ZIP or the image of the new build.
        rebuilt_report: The report of the new build.

    Raises:
        VerificationError: The new artifact cannot be read.
    """
    in_archive = _compare_with_rebuilt(result, rebuilt)
    in_report = compare_reports(result.report, rebuilt_report) if result.report else ()
    if in_archive:
        in_report = tuple(difference for difference in in_report if not difference.path.startswith(_CONSEQUENCES))
    file = report_file(result.artifact.file)
    equal = result.report and not in_report and not in_archive
    if equal and file.read_bytes() != report_file(rebuilt).read_bytes():
        detail = f"{file.name} has the same content in different bytes"
        in_report = (Difference(kind=DifferenceKind.REPORT, path="", detail=detail),)
    if not in_archive:
        in_report = (*in_report, *compare_evidence_files(result.artifact.file, rebuilt))
    differences = dict.fromkeys((*result.differences, *in_archive, *in_report))
    return replace(result, differences=tuple(differences), rebuilt=True)


def _compare_with_rebuilt(result: VerificationResult, rebuilt: Path) -> tuple[Difference, ...]:
    if is_layout(rebuilt) != isinstance(result.listing, ReadLayout):
        detail = f"is {result.artifact.file.name}, but a new build writes {rebuilt.name}"
        return (Difference(kind=DifferenceKind.BYTES, path="", detail=detail),)
    if isinstance(result.listing, ReadLayout):
        return compare_layouts(result.listing, read_layout(rebuilt))
    expected = list_archive(rebuilt)
    differences = compare(result.listing, expected)
    if not differences and expected.sha256 != result.listing.sha256:
        detail = "the bytes differ, although all files and headers are equal"
        return (Difference(kind=DifferenceKind.BYTES, path="", detail=detail),)
    return differences
