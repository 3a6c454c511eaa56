"""Interception orders before and after a publish: BioT makes room for one by moving others, without telling anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import PublishError
from builder.publishing.planning.differences import STATE, SUBSCRIPTIONS
from builder.publishing.planning.plan import Unchanged
from builder.publishing.planning.shifted_orders import find_order_holders, find_shifts, is_forced, keep_shifts
from builder.publishing.remote.endpoint_subscriptions import list_subscriptions
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.publishing.api.dispatcher import Dispatcher
    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.planning.plan import DesiredPlugin, ReleasePlan
    from builder.publishing.planning.shifted_orders import OrderShift

SubscriptionRows = tuple["Mapping[str, object]", ...]


class OrderWatch:
    """Compares the orders of all interceptions before and after a publish, or notes that it could not read them.

    Args:
        dispatcher: The dispatcher.
        plan: The plan; nothing is read when it leaves interceptions as they are.
    """

    def __init__(self, dispatcher: Dispatcher, plan: ReleasePlan) -> None:
        self._dispatcher = dispatcher
        self._read_error = ""
        self._needed = may_move_orders(plan)
        self._before = self._read() if self._needed else ()

    def notes(self, own_endpoint: str) -> tuple[str, ...]:
        """Which orders moved, or why they could not be read; empty when the publish touches no interception."""
        if not self._needed:
            return ()
        after = self._read() if not self._read_error else ()
        if self._read_error:
            return (f"The kit could not check whether other interceptions moved. {self._read_error}",)
        return describe_moves(self._before, after, own_endpoint)

    def _read(self) -> SubscriptionRows:
        try:
            return list_subscriptions(self._dispatcher, "interceptions")
        except PublishError as error:
            self._read_error = error.message
            return ()


def keep_shifted_orders(
    dispatcher: Dispatcher, desired: DesiredPlugin, remote: RemotePlugin | None
) -> tuple[DesiredPlugin, tuple[str, ...]]:
    """The desired plugin with interceptions left where other interceptions moved them, and a note for each.

    Asking for such an order again would move the others, and their next publish would move this plugin's. Whether
    others are in the way is read from the dispatcher once, and only when an order is higher than wanted.

    Args:
        dispatcher: The dispatcher.
        desired: The plugin to reach.
        remote: The plugin as BioT has it.
    """
    shifts = find_shifts(desired, remote) if remote is not None else ()
    if not shifts:
        return desired, ()
    read_error = ""
    others: SubscriptionRows = ()
    if any(shift.wanted is not None for shift in shifts):
        try:
            others = list_subscriptions(dispatcher, "interceptions")
        except PublishError as error:
            read_error = error.message
    forced = [shift for shift in shifts if read_error or is_forced(shift, others)]
    notes = tuple(
        _shift_note(shift, find_order_holders(shift, others), read_error)
        for shift in forced
        if shift.wanted is not None
    )
    return keep_shifts(desired, forced), notes


def shift_notes(desired: DesiredPlugin, remote: RemotePlugin) -> tuple[str, ...]:
    """A note for each interception that did not get its order from a publish."""
    return tuple(
        f"BioT put the interception {printable(shift.label, 160)} at order {shift.actual} instead of {shift.wanted}, "
        "because another interception has that order."
        for shift in find_shifts(desired, remote)
        if shift.wanted is not None
    )


def _shift_note(shift: OrderShift, holders: tuple[str, ...], read_error: str) -> str:
    stays = f"The interception {printable(shift.label, 160)} stays at order {shift.actual}: "
    if read_error:
        return (
            f"{stays}plugin.toml says {shift.wanted}, but the kit could not read whether another interception has "
            f"that order. {read_error}"
        )
    holder = f" ({printable(', '.join(holders), 200)})" if holders else ""
    return (
        f"{stays}plugin.toml says {shift.wanted}, which another interception has{holder}. Give one of them another "
        "order."
    )


def may_move_orders(plan: ReleasePlan) -> bool:
    """Whether a plan touches interceptions, or enables or disables them."""
    fields = () if isinstance(plan, Unchanged) else tuple(change.field for change in plan.changes)
    return any(field == STATE or field.startswith(f"{SUBSCRIPTIONS}.intercept") for field in fields)


def describe_moves(before: SubscriptionRows, after: SubscriptionRows, own_endpoint: str) -> tuple[str, ...]:
    """A note for each interception of somebody else whose order changed."""
    orders = {_key(row): row.get("executionOrder") for row in before}
    return tuple(
        f"The interception {_label(row)} moved from order {printable(str(orders[_key(row)]), 20)} to "
        f"{printable(str(row.get('executionOrder')), 20)}."
        for row in after
        if orders.get(_key(row)) not in (None, row.get("executionOrder")) and row.get("endpoint") != own_endpoint
    )


def _key(row: Mapping[str, object]) -> str:
    return str(row.get("id") or _label(row))


def _label(row: Mapping[str, object]) -> str:
    target = " ".join(str(row[key]) for key in ("type", "apiId", "entityName") if row.get(key))
    return f"{printable(target, 160)} of {printable(str(row.get('endpoint', '')), 160)}"
