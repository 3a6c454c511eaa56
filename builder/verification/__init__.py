"""Verification: compare an artifact with the form that the kit writes, its report, its lock and its sources.

Nothing here changes an artifact or asks a server.
"""

from __future__ import annotations

from builder.verification.artifact_differences import Difference, DifferenceKind
from builder.verification.examination import (
    VerificationResult,
    add_lock_differences,
    add_rebuild_differences,
    examine_artifact,
)
from builder.verification.prebuilt_artifact import examine_prebuilt

__all__ = [
    "Difference",
    "DifferenceKind",
    "VerificationResult",
    "add_lock_differences",
    "add_rebuild_differences",
    "examine_artifact",
    "examine_prebuilt",
]
