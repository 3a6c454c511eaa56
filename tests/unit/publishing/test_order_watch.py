"""Orders that BioT moved: they stay when they are taken, and change when plugin.toml asks for a free one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from builder.manifest.model import Interception, InterceptionType, Subscriptions
from builder.publishing.api_values import SearchPage
from builder.publishing.execution.order_watch import keep_shifted_orders
from builder.publishing.failures import AccessDenied
from builder.publishing.planning.plan import Unchanged
from builder.publishing.planning.planner import make_plan
from tests.support.biot.remote_plugins import desired_plugin, published

if TYPE_CHECKING:
    from builder.publishing.api.dispatcher import Dispatcher
    from builder.publishing.planning.plan import DesiredPlugin

API = "POST/organization/v1/users/patients"


class DispatcherWithRows:
    """Interceptions of others, as (API, order); None: this account may not see them."""

    def __init__(self, *rows: tuple[str, int], visible: bool = True) -> None:
        self._rows, self._visible = rows, visible
        self.searches = 0

    def search(self, *_: object, **__: object) -> SearchPage:
        self.searches += 1
        if not self._visible:
            msg = "It takes the permission HOOKS_INTERCEPTION_SEARCH."
            raise AccessDenied(msg)
        rows = tuple(
            {"type": "PRE_REQUEST", "apiId": api, "executionOrder": order, "endpoint": f"https://other/{order}"}
            for api, order in self._rows
        )
        return SearchPage(rows=rows, total=len(rows))


def wanting(order: int | None, *, common: int | None = None, api: str = API) -> DesiredPlugin:
    row = Interception(type=InterceptionType.PRE_REQUEST, api_id=api, order=order)
    return desired_plugin(subscriptions=Subscriptions(interception_order=common, interceptions=(row,)))


def fitted(desired: DesiredPlugin, actual: int, dispatcher: DispatcherWithRows) -> tuple[bool, tuple[str, ...]]:
    """Whether nothing is left to do when BioT has the interception at an order, and what is said of it."""
    table = {**cast("dict[str, object]", desired.settings["subscriptions"])}
    rows = [{**row, "order": actual} for row in cast("list[dict[str, object]]", table["interceptions"])]
    remote = published(desired, subscriptions={**table, "interceptions": rows})
    fit, notes = keep_shifted_orders(cast("Dispatcher", dispatcher), desired, remote)
    return isinstance(make_plan(fit, remote), Unchanged), notes


@pytest.mark.parametrize(
    ("desired", "actual", "others", "left"),
    [
        (wanting(20), 21, [(API, 20)], True),
        (wanting(20), 23, [(API, 20), (API, 21), (API, 22)], True),
        (wanting(None, common=20), 21, [(API, 20)], True),
        (wanting(20), 23, [(API, 20), (API, 22)], False),
        (wanting(20), 21, [], False),
        (wanting(20), 21, [("GET/organization/v1/users/patients/{id}", 20)], False),
        (wanting(20), 10**12, [(API, 20)], False),
        (wanting(20), 19, [(API, 20)], False),
        (
            wanting(20, api="GET/organization/v1/users/patients/7"),
            21,
            [("GET/organization/v1/users/patients/{id}", 20)],
            True,
        ),
    ],
)
def test_an_order_stays_when_every_lower_one_is_taken(
    desired: DesiredPlugin, actual: int, others: list[tuple[str, int]], left: bool
) -> None:
    done, notes = fitted(desired, actual, DispatcherWithRows(*others))

    assert done is left
    assert len(notes) == left
    for note in notes:
        assert f"stays at order {actual}" in note
        assert "plugin.toml says 20" in note
        assert "https://other/20" in note


def test_the_dispatcher_is_asked_only_when_an_order_is_higher_than_wanted() -> None:
    dispatcher = DispatcherWithRows((API, 20))

    assert fitted(wanting(20), 20, dispatcher) == (True, ())
    assert fitted(wanting(None), 100, dispatcher) == (True, ())
    assert dispatcher.searches == 0


def test_an_order_stays_when_the_other_interceptions_cannot_be_read() -> None:
    done, notes = fitted(wanting(20), 21, DispatcherWithRows(visible=False))

    assert done
    assert "whether another interception has that order. It takes the permission HOOKS_INTERCEPTION_SEARCH." in notes[0]
