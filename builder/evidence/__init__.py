"""The evidence of a build: files beside the artifact that say what is inside, where it came from, and what made it.

A build reads this room in the order of its work:

1. ``evidence_settings``: what decides the evidence besides the artifact (``soup.toml``, the signing
   key, the clock).
2. ``up_to_date``: whether an earlier build already wrote this very artifact.
3. ``build_report``: sizes, packages and digests, in ``<name>-<version>.report.json``.
4. ``sbom``, ``soup``, ``provenance``: the SBOM with the licence texts, the SOUP list of IEC 62304,
   the provenance statement. ``components`` holds the values that they share.
5. ``evidence_writer``: writes all of these, and ``checksums`` over them last.

``inspection`` and ``audit`` read what a build wrote. They are not imported here, because a build
needs neither.

Nothing here decides what goes into an artifact, changes one, or asks a server.

Large libraries (packaging, cryptography), and modules that few builds need, are imported inside
functions, so that "nothing changed" starts fast.
"""

from __future__ import annotations

from builder.archive.package_sizes import PackageRow, package_rows
from builder.evidence.build_report import build_report, read_report, report_file, write_report
from builder.evidence.checksums import evidence_files
from builder.evidence.evidence_settings import EvidenceSettings, read_settings
from builder.evidence.recorded_warnings import recheck_soup, recorded_warnings, with_warnings
from builder.evidence.up_to_date import PreviousBuild, find_previous_build, inputs_digest

__all__ = [
    "EvidenceSettings",
    "PackageRow",
    "PreviousBuild",
    "build_report",
    "evidence_files",
    "find_previous_build",
    "inputs_digest",
    "package_rows",
    "read_report",
    "read_settings",
    "recheck_soup",
    "recorded_warnings",
    "report_file",
    "with_warnings",
    "write_report",
]
