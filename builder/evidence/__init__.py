"""What can be shown about an artifact: the report of its build, and what is inside."""

from __future__ import annotations

from builder.archive.shares import PackageRow, package_rows
from builder.evidence.earlier import Earlier, earlier_build, inputs_digest
from builder.evidence.inspection import FileRow, Inspection, inspect
from builder.evidence.report import build_report, read_report, report_file, write_report

__all__ = [
    "Earlier",
    "FileRow",
    "Inspection",
    "PackageRow",
    "build_report",
    "earlier_build",
    "inputs_digest",
    "inspect",
    "package_rows",
    "read_report",
    "report_file",
    "write_report",
]
