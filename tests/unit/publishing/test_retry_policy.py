from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from builder.network.retries import QUERY_RETRIES, RetryPolicy


def test_waits_double_up_to_the_longest_and_chance_takes_a_part_of_them() -> None:
    policy = RetryPolicy(attempts=9, first_wait=0.5, longest_backoff=4.0)

    waits = [policy.wait(attempt, requested=None, elapsed=0, chance=1.0) for attempt in range(1, 7)]
    assert waits == [0.5, 1, 2, 4, 4, 4]
    assert policy.wait(3, requested=None, elapsed=0, chance=0.25) == 0.5


@given(
    attempt=st.integers(1, 10),
    requested=st.none() | st.floats(0, 1e6),
    elapsed=st.floats(0, 200),
    chance=st.floats(0, 1),
)
def test_no_wait_is_longer_than_allowed_or_shorter_than_requested(
    attempt: int, requested: float | None, elapsed: float, chance: float
) -> None:
    policy = QUERY_RETRIES

    wait = policy.wait(attempt, requested=requested, elapsed=elapsed, chance=chance)

    if wait is not None:
        assert attempt < policy.attempts
        assert (requested or 0) <= wait <= policy.longest_wait
        assert elapsed + wait <= policy.deadline
