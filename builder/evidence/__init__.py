"""What can be shown about an artifact: the report of its build, and what is inside.

``builder.evidence.inspection.contents`` is not imported here: building needs no reader of finished archives.
"""

from __future__ import annotations

from builder.archive.package_sizes import PackageRow, package_rows
from builder.evidence.build_report import build_report, read_report, report_file, write_report
from builder.evidence.checksums import evidence_files
from builder.evidence.evidence_settings import Settings, read_settings
from builder.evidence.recorded_warnings import warnings_of, with_warnings
from builder.evidence.soup.soup_file import told_again
from builder.evidence.up_to_date import Earlier, earlier_build, inputs_digest

__all__ = [
    "Earlier",
    "PackageRow",
    "Settings",
    "build_report",
    "earlier_build",
    "evidence_files",
    "inputs_digest",
    "package_rows",
    "read_report",
    "read_settings",
    "report_file",
    "told_again",
    "warnings_of",
    "with_warnings",
    "write_report",
]
