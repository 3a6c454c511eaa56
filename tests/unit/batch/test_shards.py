"""Shares of the work: together everything, and nothing twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.batch import Shard


@given(st.lists(st.integers()), st.integers(1, 9))
def test_all_shares_together_are_every_item_once(items: list[int], count: int) -> None:
    shares = [Shard(number=number, count=count).of(items) for number in range(1, count + 1)]

    assert sorted(item for share in shares for item in share) == sorted(items)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(st.lists(st.integers(0, 4)), st.integers(1, 9))
def test_items_that_are_alike_go_to_few_machines(values: list[int], count: int) -> None:
    places = list(range(len(values)))
    shares = [Shard(number=number, count=count).of(places, values) for number in range(1, count + 1)]

    assert sorted(place for share in shares for place in share) == places
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert all(list(share) == sorted(share) for share in shares)
    needed = sum(len({values[place] for place in share}) for share in shares)
    assert needed <= len(set(values)) + count - 1  # each further machine divides one group at most


def test_a_share_is_read_as_it_is_written() -> None:
    assert Shard.parse("2/4") == Shard(number=2, count=4)
    assert Shard.parse("1/1").of("ab") == ("a", "b")


@pytest.mark.parametrize("text", ["", "2", "0/3", "4/3", "-1/3", "1/0", "1/2/3", "a/b", "1 / 2", "1/99999999"])
def test_what_is_no_share_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not I/N, such as 1/4"):
        Shard.parse(text)
