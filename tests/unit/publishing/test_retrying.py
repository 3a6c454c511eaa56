from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from builder.publishing.api.retry_policy import RetryPolicy


def test_waits_double_up_to_the_longest_and_chance_takes_any_part_of_them() -> None:
    patience = RetryPolicy(tries=9, first_wait=0.5, longest_wait=4.0)

    assert [patience.wait(tried, asked=None, spent=0, chance=1.0) for tried in range(1, 7)] == [0.5, 1, 2, 4, 4, 4]
    assert patience.wait(3, asked=None, spent=0, chance=0.25) == 0.5


@given(
    tried=st.integers(1, 10),
    asked=st.none() | st.floats(0, 1e6),
    spent=st.floats(0, 200),
    chance=st.floats(0, 1),
)
def test_no_wait_is_longer_than_allowed_nor_shorter_than_asked(
    tried: int, asked: float | None, spent: float, chance: float
) -> None:
    patience = RetryPolicy()

    wait = patience.wait(tried, asked=asked, spent=spent, chance=chance)

    if wait is not None:
        assert tried < patience.tries
        assert (asked or 0) <= wait <= patience.longest_wait
        assert spent + wait <= patience.deadline
