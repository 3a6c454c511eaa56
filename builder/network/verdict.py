"""The five ways in which a publish, or the push of an image, can end."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What is certain after a change was to be made on a server."""

    DONE = "done"
    NOTHING_TO_DO = "nothing-to-do"
    NOT_APPLIED = "not-applied"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
