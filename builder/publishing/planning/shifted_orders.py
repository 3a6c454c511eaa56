"""Interceptions that BioT has at a higher order than plugin.toml asks for. Pure.

Two interceptions of one API never share an order: the new one takes it, and the existing ones move up by one (BioT
specification 2.4.2, dispatcher). Two plugins that want the same order would move each other forever, so a publish
leaves an interception where BioT moved it.
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
    """One interception whose order on BioT differs from plugin.toml.

    Attributes:
        row: Its ``type``, ``apiId`` and ``entityTypeName``; empty text where the row has none.
        wanted: The order in plugin.toml, or None when it has none.
        actual: The order that BioT has.
    """

    row: tuple[str, str, str]
    wanted: int | None
    actual: int

    @property
    def label(self) -> str:
        """The interception as part of a sentence."""
        return " ".join(part for part in self.row if part)


def find_shifts(desired: DesiredPlugin, remote: RemotePlugin) -> tuple[OrderShift, ...]:
    """Every interception that BioT has at a higher order than wanted, or at an order although none is wanted."""
    actual_orders = _orders(_table(remote.fields))
    wanted_orders = _orders(_table(desired.settings))
    return tuple(
        OrderShift(row=row, wanted=order, actual=actual)
        for row, order in wanted_orders.items()
        if (actual := actual_orders.get(row)) is not None and (order is None or actual > order)
    )


def keep_shifts(desired: DesiredPlugin, shifts: Iterable[OrderShift]) -> DesiredPlugin:
    """The desired plugin with these interceptions at the orders that BioT has."""
    actual = {shift.row: shift.actual for shift in shifts}
    if not actual:
        return desired
    table = _table(desired.settings)
    rows = [{**row, "order": actual[key]} if (key := _key(row)) in actual else row for row in _rows(table)]
    return replace(desired, settings={**desired.settings, SUBSCRIPTIONS: {**table, INTERCEPTIONS: rows}})


def keep_new_shifts(desired: DesiredPlugin, before: RemotePlugin | None, remote: RemotePlugin) -> DesiredPlugin:
    """The desired plugin with the orders of those interceptions kept that BioT moved since ``before``.

    An interception that was higher before and still is, or moved up further, did not get its order.
    """
    orders_before = _orders(_table(before.fields)) if before is not None else {}

    def is_new(shift: OrderShift) -> bool:
        order = orders_before.get(shift.row)
        return order is None or shift.wanted is None or order <= shift.wanted or shift.actual < order

    return keep_shifts(desired, filter(is_new, find_shifts(desired, remote)))


def is_forced(shift: OrderShift, others: Iterable[Row]) -> bool:
    """Whether other interceptions of the same API or entity take every order from the wanted one to BioT's.

    Args:
        shift: The wanted order and the one on BioT.
        others: The dispatcher's rows.
    """
    taken = {row.get("executionOrder") for row in others if _is_same_target(shift.row, row)}
    if shift.wanted is None:
        return True
    # A server may answer any number: compare no more orders than there are interceptions.
    return shift.actual - shift.wanted <= len(taken) and taken.issuperset(range(shift.wanted, shift.actual))


def find_order_holders(shift: OrderShift, others: Iterable[Row]) -> tuple[str, ...]:
    """The endpoints whose interceptions have the wanted order."""
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
    parts, other_parts = api.split("/"), str(other.get("apiId") or "").split("/")
    # The dispatcher stores the API with {parameters}; values in an apiId are stored apart.
    return len(parts) == len(other_parts) and all(
        part == other_part or (other_part.startswith("{") and other_part.endswith("}"))
        for part, other_part in zip(parts, other_parts, strict=True)
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
