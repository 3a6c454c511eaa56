"""Orders of interceptions: BioT makes room for one by pushing others back, and tells nobody."""

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
    """Looks at the orders of every interception before and after a publish; what it may not see, it says.

    Args:
        dispatcher: The dispatcher.
        release: The plan; nothing is looked at when it leaves interceptions as they are.
    """

    def __init__(self, dispatcher: Dispatcher, release: ReleasePlan) -> None:
        self._dispatcher = dispatcher
        self._trouble = ""
        self._due = may_move_orders(release)
        self._before = self._read() if self._due else ()

    def notes(self, own_endpoint: str) -> tuple[str, ...]:
        """What moved, or why nobody looked; nothing when the publish touches no interception."""
        if not self._due:
            return ()
        after = self._read() if not self._trouble else ()
        if self._trouble:
            return (f"Whether orders of other interceptions moved was not looked at. {self._trouble}",)
        return describe_moves(self._before, after, own_endpoint)

    def _read(self) -> SubscriptionRows:
        try:
            return list_subscriptions(self._dispatcher, "interceptions")
        except PublishError as error:
            self._trouble = error.message
            return ()


def keep_shifted_orders(
    dispatcher: Dispatcher, desired: DesiredPlugin, remote: RemotePlugin | None
) -> tuple[DesiredPlugin, tuple[str, ...]]:
    """The goal with interceptions left where other interceptions pushed them, and a sentence for each.

    To ask for such an order again would push the others back, and their next publish would push this plugin's. Whether
    they are in the way is read from the dispatcher, once, and only when an order is higher than wanted.

    Args:
        dispatcher: The dispatcher.
        desired: What is wanted.
        remote: The plugin as BioT has it.
    """
    shifts = find_shifts(desired, remote) if remote is not None else ()
    if not shifts:
        return desired, ()
    trouble = ""
    others: SubscriptionRows = ()
    if any(shift.wanted is not None for shift in shifts):
        try:
            others = list_subscriptions(dispatcher, "interceptions")
        except PublishError as error:
            trouble = error.message
    kept = [shift for shift in shifts if trouble or is_forced(shift, others)]
    notes = tuple(
        _shift_note(shift, find_order_holders(shift, others), trouble) for shift in kept if shift.wanted is not None
    )
    return keep_shifts(desired, kept), notes


def shift_notes(desired: DesiredPlugin, remote: RemotePlugin) -> tuple[str, ...]:
    """A sentence for each interception that a publish has not brought to its order."""
    return tuple(
        f"BioT put the interception {printable(shift.words, 160)} at order {shift.actual} instead of {shift.wanted}, "
        "because another one has that order."
        for shift in find_shifts(desired, remote)
        if shift.wanted is not None
    )


def _shift_note(shift: OrderShift, owners: tuple[str, ...], trouble: str) -> str:
    where = f"The interception {printable(shift.words, 160)} stays at order {shift.actual}: "
    if trouble:
        return (
            f"{where}plugin.toml says {shift.wanted}, but whether another interception has that order could not be "
            f"looked up. {trouble}"
        )
    owner = f" ({printable(', '.join(owners), 200)})" if owners else ""
    return (
        f"{where}plugin.toml says {shift.wanted}, which another interception has{owner}. Both cannot have it; give one "
        "of them another order."
    )


def may_move_orders(release: ReleasePlan) -> bool:
    """Whether a plan touches interceptions, or switches them on or off."""
    fields = () if isinstance(release, Unchanged) else tuple(change.field for change in release.changes)
    return any(field == STATE or field.startswith(f"{SUBSCRIPTIONS}.intercept") for field in fields)


def describe_moves(before: SubscriptionRows, after: SubscriptionRows, own_endpoint: str) -> tuple[str, ...]:
    """A sentence for each interception of somebody else whose order is another than before."""
    orders = {_key(row): row.get("executionOrder") for row in before}
    return tuple(
        f"The interception {_words(row)} moved from order {printable(str(orders[_key(row)]), 20)} to "
        f"{printable(str(row.get('executionOrder')), 20)}."
        for row in after
        if orders.get(_key(row)) not in (None, row.get("executionOrder")) and row.get("endpoint") != own_endpoint
    )


def _key(row: Mapping[str, object]) -> str:
    return str(row.get("id") or _words(row))


def _words(row: Mapping[str, object]) -> str:
    what = " ".join(str(row[key]) for key in ("type", "apiId", "entityName") if row.get(key))
    return f"{printable(what, 160)} of {printable(str(row.get('endpoint', '')), 160)}"
