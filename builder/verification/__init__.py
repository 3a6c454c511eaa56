"""Is an artifact what it claims to be: the form that the kit writes, what its report says, what its sources give?"""

from __future__ import annotations

from builder.verification.artifact_differences import Difference, Kind
from builder.verification.examination import Verified, examine, hold_against_build, hold_against_lock
from builder.verification.prebuilt_artifact import examine_given

__all__ = ["Difference", "Kind", "Verified", "examine", "examine_given", "hold_against_build", "hold_against_lock"]
