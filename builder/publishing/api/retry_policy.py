"""When a question that changes nothing is asked again, and how long to wait before: decided without doing either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from builder.publishing.failures import NoAnswer, NoSuchPlugin, OutcomeUnknown, Refused, RolledBack, Unreachable

if TYPE_CHECKING:
    from builder.errors import PublishError


# When a change that failed is sent again: decided by what the failure says, without doing it.
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
    return busy or is_race(failure) or isinstance(failure, Unreachable | NoAnswer | OutcomeUnknown)


RETRYABLE_STATUSES = frozenset({408, 421, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same question may be answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How long a question may take in all.

    Attributes:
        tries: At most so many requests.
        first_wait: Seconds before the second one at most; doubled each time ("full jitter": anything from 0 to that).
        longest_wait: No single wait is longer, whatever a server asks for.
        deadline: Seconds for all tries and waits together.
    """

    tries: int = 5
    first_wait: float = 0.4
    longest_wait: float = 20.0
    deadline: float = 90.0

    def wait(self, tried: int, *, asked: float | None, spent: float, chance: float) -> float | None:
        """Seconds to wait before the next try, or None to give up.

        Args:
            tried: How many tries there were; at least 1.
            asked: What the server asked for by ``Retry-After``, in seconds, or None.
            spent: Seconds since the first try began.
            chance: A random number from 0 to 1.
        """
        if tried >= self.tries:
            return None
        jittered = chance * min(self.longest_wait, self.first_wait * 2.0 ** (tried - 1))
        # A little more than was asked for: everybody who was sent away at the same moment comes back otherwise.
        wait = jittered if asked is None else asked + jittered
        if wait > self.longest_wait or spent + wait > self.deadline:
            return None
        return wait
