"""When a change that failed is sent again: decided by what the failure says, without doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from builder.publishing.failures import NoSuchPlugin, NotAnswered, NotReached, Refused, RolledBack, Unsettled

if TYPE_CHECKING:
    from builder.errors import PublishError

_RACE_CODES: Final = frozenset(
    {
        "PLUGIN_EXISTS_BY_NAME",
        "PLUGIN_NOT_FOUND",
        "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE",
        "PLUGIN_VERSION_MUST_NOT_BE_CHANGED_WHEN_NOT_UPDATING_CODE",
    }
)
"""Refusals that say that the plugin is no longer as it was read."""
_BUSY_STATUSES: Final = frozenset({408, 425, 429})


def is_race(failure: PublishError) -> bool:
    """Whether BioT refused because the plugin is no longer as it was read."""
    return isinstance(failure, NoSuchPlugin) or (isinstance(failure, Refused) and failure.code in _RACE_CODES)


def is_worth_repeating(failure: PublishError) -> bool:
    """Whether the same change may succeed when it is sent again."""
    if isinstance(failure, RolledBack):
        return not failure.lasting
    busy = isinstance(failure, Refused) and failure.status in _BUSY_STATUSES
    return busy or is_race(failure) or isinstance(failure, NotReached | NotAnswered | Unsettled)
