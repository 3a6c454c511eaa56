"""When a change of a plugin is sent again, and how long to wait. Decides only; sends nothing and never waits."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from builder.network.retries import BUSY_STATUSES, RetryPolicy
from builder.publishing.failures import NoAnswer, NoSuchPlugin, OutcomeUnknown, Refused, RolledBack, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.errors import PublishError

_RACE_CODES: Final = frozenset(
    {
        "PLUGIN_EXISTS_BY_NAME",
        "PLUGIN_NOT_FOUND",
        "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE",
        "PLUGIN_VERSION_MUST_NOT_BE_CHANGED_WHEN_NOT_UPDATING_CODE",
    }
)
"""BioT's codes for a plugin that is no longer as it was read."""


PUBLISH_RETRIES: Final = RetryPolicy(attempts=6, first_wait=0.5, longest_backoff=10.0, deadline=600.0)
"""For creating and updating plugins."""
ACTION_RETRIES: Final = RetryPolicy(attempts=5, first_wait=1.0, longest_backoff=8.0)
"""For other changes, such as enabling a plugin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishPolicy:
    """How long a publish keeps trying.

    Attributes:
        retries: How often requests are sent, and the waits between them.
        rollbacks: At most this many requests when BioT answers each that it rolled the change back.
        read_back_waits: Seconds before each time the plugin is read back after one request.
        chance: Random numbers from 0 to 1, so that many publishers do not come back at the same moment.
    """

    retries: RetryPolicy = PUBLISH_RETRIES
    rollbacks: int = 3
    read_back_waits: tuple[float, ...] = (0.0, 0.5, 1.5, 3.0)
    chance: Callable[[], float] = random.random


def is_race(failure: PublishError) -> bool:
    """Whether BioT refused because the plugin is no longer as it was read."""
    return isinstance(failure, NoSuchPlugin) or (isinstance(failure, Refused) and failure.code in _RACE_CODES)


def is_transient(failure: PublishError) -> bool:
    """Whether the same change may succeed when it is sent again and nobody else changed the plugin."""
    if isinstance(failure, RolledBack):
        return not failure.lasting
    if isinstance(failure, Refused):
        return failure.status in BUSY_STATUSES
    return isinstance(failure, Unreachable | OutcomeUnknown)


def is_worth_repeating(failure: PublishError) -> bool:
    """Whether a change is sent again after the plugin was read again."""
    return is_transient(failure) or is_race(failure) or isinstance(failure, NoAnswer)


def requested_wait(failure: PublishError | None) -> float | None:
    """Seconds that BioT asked to wait, or None."""
    return failure.retry_after if isinstance(failure, Refused | RolledBack | OutcomeUnknown) else None
