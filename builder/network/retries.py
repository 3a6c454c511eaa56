"""When a request is sent again, and how long to wait before that. Decides only; sends nothing and never waits."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

BUSY_STATUSES: Final = frozenset({408, 425, 429})
"""The server did not process the request, and asks for it again later."""
RETRYABLE_STATUSES: Final = BUSY_STATUSES | {421, 500, 502, 503, 504}
"""Statuses after which the same query may succeed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How often a request is sent, and how long all attempts may take.

    Attributes:
        attempts: At most this many requests.
        first_wait: Upper limit of the first wait in seconds. It doubles each time; the wait is a random part of it
            ("full jitter").
        longest_backoff: The upper limit stops growing here.
        longest_wait: Give up when a wait would be longer, which happens only when the server asks for it.
        deadline: Seconds for all attempts and waits together.
    """

    attempts: int
    first_wait: float
    longest_backoff: float
    longest_wait: float = inf
    deadline: float = inf

    def wait(self, attempt: int, *, requested: float | None, elapsed: float, chance: float) -> float | None:
        """Seconds to wait before the next attempt, or None to give up.

        Args:
            attempt: How many requests were sent; at least 1.
            requested: Seconds that the server asked for by ``Retry-After``, or None.
            elapsed: Seconds since the first attempt began.
            chance: A random number from 0 to 1.
        """
        if attempt >= self.attempts:
            return None
        # The random part is added to what the server asked for: otherwise all clients come back at the same moment.
        backoff = chance * min(self.longest_backoff, self.first_wait * 2.0 ** (attempt - 1))
        wait = backoff + (requested or 0.0)
        if wait > self.longest_wait or elapsed + wait > self.deadline:
            return None
        return wait


QUERY_RETRIES: Final = RetryPolicy(attempts=5, first_wait=0.4, longest_backoff=20.0, longest_wait=20.0, deadline=90.0)
"""For requests that change nothing."""
