"""Orders of interceptions compared with a plain description of the rule, on random histories."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from sandbox.dispatcher.subscription_table import (
    DEFAULT_ORDER,
    InterceptionSubscription,
    subscribe_interception,
    unsubscribe_interception,
)
from sandbox.tables import DISPATCHER_TABLES

ENDPOINTS = ("a", "b", "c", "d", "e", "f")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(ENDPOINTS),
        st.one_of(st.none(), st.integers(1, 8), st.integers(DEFAULT_ORDER - 1, DEFAULT_ORDER + 2)),
        st.booleans(),
    ),
    max_size=40,
)


def expected(orders: dict[str, int], endpoint: str, order: int | None) -> dict[str, int]:
    """BioT's words: it is set with that order, the existing one is incremented, "and so forth"."""
    if endpoint in orders and order is None:
        return orders
    requested = DEFAULT_ORDER if order is None else order
    rest = {name: place for name, place in orders.items() if name != endpoint}
    taken = {place: name for name, place in rest.items()}
    moving, place = endpoint, requested
    while (displaced := taken.get(place)) is not None:
        rest[moving] = place
        moving, place = displaced, place + 1
    return {**rest, moving: place}


@given(STEPS)
def test_every_history_ends_as_the_rule_says(steps: list[tuple[str, int | None, bool]]) -> None:
    orders: dict[str, int] = {}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.executescript(DISPATCHER_TABLES)
        for endpoint, order, leaves in steps:
            subscription = InterceptionSubscription(type="PRE_REQUEST", api_id="POST/x", order=order)
            if leaves:
                unsubscribe_interception(connection, endpoint, subscription)
                orders.pop(endpoint, None)
                continue
            subscribe_interception(connection, endpoint, subscription)
            orders = expected(orders, endpoint, order)
            rows = connection.execute("SELECT endpoint, execution_order FROM dispatcher_interception")
            assert {row["endpoint"]: row["execution_order"] for row in rows} == orders
            assert len(set(orders.values())) == len(orders)
