"""Interceptions that BioT has at a higher order than was asked for. Pure.

Two interceptions of one API never share an order: the newcomer takes it, and those that stand there move up by one
(BioT specification 2.4.2, dispatcher). Two plugins that want the same order would push each other back for ever, so a
publisher leaves an interception where BioT moved it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.publishing.planning.differences import SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.planning.plan import DesiredPlugin

    Row = Mapping[str, object]

INTERCEPTIONS = "interceptions"
COMMON_ORDER = "interceptionOrder"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderShift:
    """One interception that BioT has elsewhere than plugin.toml says.

    Attributes:
        row: Its ``type``, ``apiId`` and ``entityTypeName``; empty where there is none.
        wanted: The order of plugin.toml, or None when it names none.
        actual: The order that BioT has.
    """

    row: tuple[str, str, str]
    wanted: int | None
    actual: int

    @property
    def words(self) -> str:
        """The interception as part of a sentence."""
        return " ".join(part for part in self.row if part)


def find_shifts(desired: DesiredPlugin, remote: RemotePlugin) -> tuple[OrderShift, ...]:
    """Every interception that BioT has at a higher order than wanted, or at one that nobody asked for."""
    has = _orders(_table(remote.fields))
    wanted = _orders(_table(desired.settings))
    return tuple(
        OrderShift(row=row, wanted=order, actual=actual)
        for row, order in wanted.items()
        if (actual := has.get(row)) is not None and (order is None or actual > order)
    )


def keep_shifts(desired: DesiredPlugin, shifts: Iterable[OrderShift]) -> DesiredPlugin:
    """The goal with these interceptions where BioT has them."""
    actual = {shift.row: shift.actual for shift in shifts}
    if not actual:
        return desired
    table = _table(desired.settings)
    rows = [{**row, "order": actual[key]} if (key := _key(row)) in actual else row for row in _rows(table)]
    return replace(desired, settings={**desired.settings, SUBSCRIPTIONS: {**table, INTERCEPTIONS: rows}})


def keep_new_shifts(desired: DesiredPlugin, before: RemotePlugin | None, remote: RemotePlugin) -> DesiredPlugin:
    """The goal with those interceptions kept that BioT has moved since ``before``.

    An interception that was higher before and still is, or moved up even further, has not been given its order.
    """
    had = _orders(_table(before.fields)) if before is not None else {}

    def is_new(shift: OrderShift) -> bool:
        order = had.get(shift.row)
        return order is None or shift.wanted is None or order <= shift.wanted or shift.actual < order

    return keep_shifts(desired, filter(is_new, find_shifts(desired, remote)))


def is_forced(shift: OrderShift, others: Iterable[Row]) -> bool:
    """Whether every order from the wanted one up to BioT's is taken by an interception of the same API or entity.

    Args:
        shift: Where BioT has it.
        others: Rows of the dispatcher.
    """
    taken = {row.get("executionOrder") for row in others if _is_same_target(shift.row, row)}
    if shift.wanted is None:
        return True
    # A server may say any number: only as many orders are looked at as there are interceptions.
    return shift.actual - shift.wanted <= len(taken) and taken.issuperset(range(shift.wanted, shift.actual))


def find_order_holders(shift: OrderShift, others: Iterable[Row]) -> tuple[str, ...]:
    """The endpoints that have the wanted order."""
    return tuple(
        str(row.get("endpoint", ""))
        for row in others
        if _is_same_target(shift.row, row) and row.get("executionOrder") == shift.wanted
    )


def _is_same_target(row: tuple[str, str, str], other: Row) -> bool:
    kind, api, entity = row
    if kind != other.get("type"):
        return False
    if not api:
        return entity == other.get("entityName")
    ours, theirs = api.split("/"), str(other.get("apiId") or "").split("/")
    # The dispatcher keeps the API in general, and a value that stands in an apiId apart.
    return len(ours) == len(theirs) and all(
        mine == one or (one.startswith("{") and one.endswith("}")) for mine, one in zip(ours, theirs, strict=True)
    )


def _orders(table: Row) -> dict[tuple[str, str, str], int | None]:
    common = table.get(COMMON_ORDER)
    orders = ((_key(row), row.get("order") or common) for row in _rows(table))
    return {key: order if isinstance(order, int) else None for key, order in orders}


def _key(row: Row) -> tuple[str, str, str]:
    kind, api, entity = (str(row.get(key) or "") for key in ("type", "apiId", "entityTypeName"))
    return kind, api, entity


def _rows(table: Row) -> Iterator[Row]:
    rows = table.get(INTERCEPTIONS)
    yield from (row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict))


def _table(fields: Mapping[str, object]) -> Row:
    table = fields.get(SUBSCRIPTIONS)
    return table if isinstance(table, dict) else {}
