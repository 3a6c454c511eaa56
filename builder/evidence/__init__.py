"""What can be shown about an artifact: the report of its build, and what is inside."""

from __future__ import annotations

from builder.archive.shares import PackageRow, package_rows
from builder.evidence.inspect import FileRow, Inspection, inspect_artifact, report_path
from builder.evidence.report import build_report, inputs_digest, read_report, unchanged_artifact, write_report

__all__ = [
    "FileRow",
    "Inspection",
    "PackageRow",
    "build_report",
    "inputs_digest",
    "inspect_artifact",
    "package_rows",
    "read_report",
    "report_path",
    "unchanged_artifact",
    "write_report",
]
