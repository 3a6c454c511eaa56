"""What can be shown about an artifact: the report of its build, and what is inside.

``builder.evidence.inspection`` is not imported here: building needs no reader of finished archives.
"""

from __future__ import annotations

from builder.archive.shares import PackageRow, package_rows
from builder.evidence.earlier import Earlier, earlier_build, inputs_digest
from builder.evidence.report import build_report, read_report, report_file, write_report
from builder.evidence.seal import evidence_files
from builder.evidence.settings import Settings, read_settings
from builder.evidence.soup import told_again
from builder.evidence.warned import warnings_of, with_warnings

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
