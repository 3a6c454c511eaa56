"""The cost of many subscriptions in one request grows in proportion, and the result is the same as one by one."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.dispatcher.interception_order import arrange_orders
from sandbox.dispatcher.subscription_table import (
    InterceptionSubscription,
    NotificationSubscription,
    orders_of,
    remove_endpoint,
    replace_subscriptions,
    subscribe_interception,
)
from sandbox.intercepted_apis import find_api
from sandbox.settings.plugin_subscriptions import subscriptions_of
from sandbox.tables import DISPATCHER_TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

API = "POST/organization/v1/users/patients/templates/{templateName}"
VM_STEPS = 100
"""SQLite reports its work after every such number of instructions."""


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        opened.row_factory = sqlite3.Row
        opened.executescript(DISPATCHER_TABLES)
        yield opened


def interceptions(count: int, order: int | None = 10) -> list[InterceptionSubscription]:
    filters = ({"templateName": f"t{number}"} for number in range(count))
    return [InterceptionSubscription(type="PRE_REQUEST", api_id=API, path_filters=one, order=order) for one in filters]


def work(connection: sqlite3.Connection, act: Callable[[], object]) -> int:
    """Count SQLite's instructions and Python's calls: the cost of an action, on any machine."""
    counted = 0

    def portion() -> int:
        nonlocal counted
        counted += VM_STEPS
        return 0

    def call(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in {"call", "c_call"}

    connection.set_progress_handler(portion, VM_STEPS)
    sys.setprofile(call)
    try:
        act()
    finally:
        sys.setprofile(None)
        connection.set_progress_handler(None, 0)
    return counted


@pytest.mark.parametrize("order", [10, None])
@pytest.mark.parametrize("act", ["first", "again", "pushed", "removed"])
def test_the_cost_grows_in_proportion_to_the_number_of_subscriptions(
    connection: sqlite3.Connection, act: str, order: int | None
) -> None:
    notes = [
        NotificationSubscription(entity_type_name="patient", action_name="_create", template_name=str(n))
        for n in range(250)
    ]
    costs = []
    for count in (500, 2_000):
        endpoint, subscriptions = f"https://{count}.example", interceptions(count, order)
        if act != "first":
            replace_subscriptions(connection, endpoint, subscriptions, notes)
        if act == "pushed":  # another endpoint takes the first order, so that all move up
            subscribe_interception(connection, "other", interceptions(1)[0])
        changed = subscriptions if act in {"first", "again", "pushed"} else []
        costs.append(work(connection, partial(replace_subscriptions, connection, endpoint, changed, notes)))
        assert len(orders_of(connection, endpoint)) == len(changed)
        remove_endpoint(connection, endpoint)
        remove_endpoint(connection, "other")

    assert costs[1] < 6 * costs[0]


def test_the_cost_of_path_filters_grows_in_proportion_to_the_configuration(connection: sqlite3.Connection) -> None:
    costs = []
    for count in (500, 2_000):
        rows = [{"type": "PRE_REQUEST", "apiId": API.replace("{templateName}", f"t{n}")} for n in range(count)]
        config: dict[str, object] = {"enabledState": "ENABLED", "subscriptions": {"interceptions": rows}}
        find_api(rows[0]["apiId"])
        costs.append(work(connection, partial(subscriptions_of, config)))

    assert costs[1] < 5 * costs[0]


def test_the_same_request_again_changes_nothing(connection: sqlite3.Connection) -> None:
    subscriptions = interceptions(20)
    replace_subscriptions(connection, "a", subscriptions, ())
    before = orders_of(connection, "a")
    changes = connection.total_changes
    replace_subscriptions(connection, "a", subscriptions, ())

    assert orders_of(connection, "a") == before
    assert connection.total_changes == changes


ORDERS = st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=40)


@given(ORDERS)
def test_new_subscriptions_move_existing_ones_up_to_the_first_gap(orders: list[tuple[int, bool]]) -> None:
    expected: dict[int, str] = {}
    present: dict[str, int] = {}
    newcomers: list[tuple[str, int]] = []
    for number, (order, joins) in enumerate(orders):
        if joins:
            newcomers.append((str(number), order))
        elif order not in present.values():
            present[str(number)] = order
            expected[order] = str(number)
    for identifier, order in newcomers:
        moving, place = identifier, order
        while moving:
            moving, expected[place], place = expected.get(place, ""), moving, place + 1

    found = arrange_orders(present.items(), newcomers)
    assert found == {identifier: place for place, identifier in expected.items()}
