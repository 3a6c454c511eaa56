"""Which subscriptions an endpoint lacks, and which it should not have. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.publishing.planning.differences import ChangeSign
from builder.publishing.planning.shifted_orders import OrderShift, is_forced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.manifest.model import Interception, Subscriptions
    from builder.publishing.api.dispatcher import HookKind

    Row = Mapping[str, object]
    _Key = tuple[HookKind, tuple[object, ...]]

_KEYS: Mapping[HookKind, tuple[str, ...]] = {
    "interceptions": ("type", "apiId", "entityName", "pathFilters"),
    "notifications": ("entityTypeName", "actionName", "templateName"),
}
_ORDER = "executionOrder"


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointChange:
    """One subscription to create, to end, or to give another order.

    Attributes:
        sign: What happens to it.
        kind: Notifications or interceptions.
        row: The subscription in the dispatcher's fields.
        order_before: The order that it has; None when it has none or does not exist.
    """

    sign: ChangeSign
    kind: HookKind
    row: Row
    order_before: int | None = None

    @property
    def label(self) -> str:
        """The subscription as one line."""
        names = [_text(self.row[key]) for key in _KEYS[self.kind] if self.row.get(key)]
        order = self.row.get(_ORDER)
        if self.sign is ChangeSign.CHANGE:
            names.append(f"order {self.order_before} → {order}")
        elif order is not None:
            names.append(f"order {order}")
        return " ".join(names)


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointPlan:
    """What has to be sent so that the subscriptions equal plugin.toml: first what is new, then what ends."""

    endpoint: str
    changes: tuple[EndpointChange, ...]
    notes: tuple[str, ...] = ()


def wanted_rows(
    subscriptions: Subscriptions, endpoint: str, api_ids: Iterable[str]
) -> tuple[tuple[HookKind, Row], ...]:
    """The subscriptions of plugin.toml in the dispatcher's fields.

    Args:
        subscriptions: Of the manifest.
        endpoint: The address of the plugin.
        api_ids: The APIs of the environment. The dispatcher takes the values of path parameters apart from the API.
    """
    known = tuple(api_ids)
    rows: list[tuple[HookKind, Row]] = []
    for interception in subscriptions.interceptions:
        order = interception.order or subscriptions.interception_order
        target = _target(interception, known)
        row = {"type": str(interception.type), **target, "endpoint": endpoint}
        rows.append(("interceptions", row if order is None else {**row, _ORDER: order}))
    for one in subscriptions.notifications:
        row = {"entityTypeName": one.entity_type_name, "actionName": one.action_name, "endpoint": endpoint}
        rows.append(("notifications", row | ({"templateName": one.template_name} if one.template_name else {})))
    return tuple(rows)


def make_endpoint_plan(
    endpoint: str, wanted: Iterable[tuple[HookKind, Row]], present: Mapping[HookKind, Iterable[Row]], own: Iterable[str]
) -> EndpointPlan:
    """Compare the wanted subscriptions with those of the dispatcher.

    Args:
        endpoint: The address of the plugin.
        wanted: ``wanted_rows``.
        present: All subscriptions of the environment.
        own: The endpoints that belong to this plugin: the address, and earlier ones.
    """
    addresses = {endpoint, *own}
    rows = {(kind, _identity(kind, row)): row for kind, found in present.items() for row in found}
    needed = {(kind, _identity(kind, row)): row for kind, row in wanted}
    others = [row for row in present.get("interceptions", ()) if row.get("endpoint") not in addresses]
    changes: list[EndpointChange] = []
    notes: list[str] = []
    for (kind, identity), row in needed.items():
        actual = rows.get((kind, identity))
        if actual is None:
            changes.append(EndpointChange(sign=ChangeSign.ADD, kind=kind, row=row))
        elif (shift := _shift(row, actual)) is not None and shift.wanted != shift.actual:
            if shift.actual > (shift.wanted or 0) and is_forced(shift, others):
                notes.append(f"{shift.label} stays at order {shift.actual}: other interceptors have {shift.wanted}.")
                continue
            changes.append(EndpointChange(sign=ChangeSign.CHANGE, kind=kind, row=row, order_before=shift.actual))
    changes += _ending(rows, needed, addresses)
    return EndpointPlan(endpoint=endpoint, changes=tuple(changes), notes=tuple(notes))


def _ending(rows: Mapping[_Key, Row], needed: Mapping[_Key, Row], addresses: set[str]) -> Iterator[EndpointChange]:
    for key, row in rows.items():
        if row.get("endpoint") in addresses and key not in needed:
            kept = {name: row[name] for name in (*_KEYS[key[0]], "endpoint") if row.get(name)}
            yield EndpointChange(sign=ChangeSign.REMOVE, kind=key[0], row=kept)


def _shift(wanted: Row, actual: Row) -> OrderShift | None:
    order, found = wanted.get(_ORDER), actual.get(_ORDER)
    if not isinstance(order, int) or not isinstance(found, int):
        return None
    target = (str(wanted["type"]), str(wanted.get("apiId") or ""), str(wanted.get("entityName") or ""))
    return OrderShift(row=target, wanted=order, actual=found)


def _target(interception: Interception, known: tuple[str, ...]) -> dict[str, object]:
    if interception.api_id is None:
        return {"entityName": interception.entity_type_name}
    for api in known if interception.api_id not in known else ():
        if (values := _path_values(api, interception.api_id)) is not None:
            return {"apiId": api, "pathFilters": values}
    return {"apiId": interception.api_id}


def _path_values(api: str, path: str) -> dict[str, str] | None:
    """The values that a path has for the parameters of an API, or None if it is another API's."""
    parts, values = api.split("/"), path.split("/")
    if len(parts) != len(values):
        return None
    found: dict[str, str] = {}
    for part, value in zip(parts, values, strict=True):
        if part.startswith("{") and part.endswith("}"):
            if value != part:
                found[part[1:-1]] = value
        elif part != value:
            return None
    return found or None


def _identity(kind: HookKind, row: Row) -> tuple[object, ...]:
    # BioT leaves fields out, or answers null or an empty value: all mean the same.
    return tuple(_text(row.get(key) or "") for key in (*_KEYS[kind], "endpoint"))


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}={value[name]}" for name in sorted(value))
    return str(value)
