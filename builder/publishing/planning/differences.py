"""The settings in which plugin.toml and the plugin on BioT differ, line by line. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from builder.manifest.model import Cors, Plugin
from builder.manifest.serialization import render_config
from builder.network.secret_text import SecretText
from builder.platform.reserved_variables import BIOT_PREFIX, TREE_DIGEST_NAME, TREE_VERSION_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLES: Final = "environmentVariables"
SUBSCRIPTIONS: Final = "subscriptions"
CORS: Final = "cors"
CODE_VARIABLES: Final = frozenset({TREE_DIGEST_NAME, TREE_VERSION_NAME})
"""Variables by which the kit records which code runs: compared as code, never as settings."""
SCALARS: Final = (
    "displayName",
    "runtime",
    "handler",
    "timeout",
    "memorySize",
    "ephemeralStorage",
    "enabledState",
    "cronSchedule",
    "analyticsDbAccess",
)
STATE: Final = "enabledState"
DISABLED: Final = "DISABLED"
DEFAULTS: Final = {**render_config(Plugin(name="", display_name="", version=0)), STATE: "ENABLED"}
"""BioT's documented default for a field that a response leaves out."""
_CORS = render_config(Plugin(name="", display_name="", version=0, cors=Cors()))[CORS]
CORS_DEFAULTS: Final[Mapping[str, object]] = _CORS if isinstance(_CORS, dict) else {}
"""The same for the fields of ``cors``."""
NO_DEFAULT: Final = frozenset({"displayName", "runtime", "handler"})
_CASELESS: Final = frozenset({"allowHeaders", "exposeHeaders"})


class ChangeSign(StrEnum):
    """What happens to one setting."""

    ADD = "+"
    REMOVE = "-"
    CHANGE = "~"


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One line of a plan.

    Two changes are equal when both their values are equal, also where values are hidden.

    Attributes:
        sign: Added, removed or changed.
        field: BioT's name of it, such as ``memorySize`` or ``environmentVariables.LOG_LEVEL``.
        old: BioT's value as text; empty when it has none, or when it is hidden.
        new: The desired value, likewise.
        hidden: Both values when they may be secret and are never shown.
    """

    sign: ChangeSign
    field: str
    old: str = ""
    new: str = ""
    hidden: SecretText | None = dataclasses.field(default=None, repr=False)


def compare(desired: Mapping[str, object], actual: Mapping[str, object]) -> tuple[FieldChange, ...]:
    """Every setting in which the plugin on BioT differs. Code and version are not settings.

    A field that BioT's response leaves out has the documented default. A setting without a value in ``desired`` is
    left as it is. The order of lists means nothing to BioT, so it is not compared.

    Args:
        desired: ``builder.manifest.render_config``.
        actual: The plugin's fields as BioT answered them; empty for a plugin that does not exist.
    """
    return (
        *_scalars(desired, actual),
        *_variables(desired, actual),
        *_subscriptions(_table(desired, SUBSCRIPTIONS), _table(actual, SUBSCRIPTIONS)),
        *_cors(_table(desired, CORS), _table(actual, CORS)),
    )


def own_variables(fields: Mapping[str, object]) -> dict[str, object]:
    """The plugin's own variables: without BioT's (``BIOT_*``) and the kit's."""
    return {
        key: value
        for key, value in _table(fields, VARIABLES).items()
        if not key.startswith(BIOT_PREFIX) and key not in CODE_VARIABLES
    }


def _scalars(desired: Mapping[str, object], actual: Mapping[str, object]) -> Iterator[FieldChange]:
    image = actual.get("deploymentPackageType") == "IMAGE"
    for name in SCALARS:
        new, old = desired.get(name), actual.get(name)
        if old is None and name not in NO_DEFAULT:
            old = DEFAULTS.get(name)
        ignored = image and name in {"runtime", "handler"}  # BioT answers neither for an image
        if new is None or ignored or _text(new) == _text(old):
            continue
        sign = ChangeSign.ADD if old is None else ChangeSign.CHANGE
        yield FieldChange(sign=sign, field=name, old=_text(old), new=_text(new))


def _variables(desired: Mapping[str, object], actual: Mapping[str, object]) -> Iterator[FieldChange]:
    new, old = own_variables(desired), own_variables(actual)
    for name in sorted(new.keys() | old.keys()):
        if name in new and name in old and _text(new[name]) == _text(old[name]):
            continue
        sign = (
            ChangeSign.CHANGE if name in new and name in old else ChangeSign.ADD if name in new else ChangeSign.REMOVE
        )
        values = SecretText(json.dumps([_text(old.get(name)), _text(new.get(name))]))
        yield FieldChange(sign=sign, field=f"{VARIABLES}.{name}", hidden=values)


def _subscriptions(new: Mapping[str, object], old: Mapping[str, object]) -> Iterator[FieldChange]:
    order, old_order = new.get("interceptionOrder"), old.get("interceptionOrder")
    if order is not None and _text(order) != _text(old_order):
        sign = ChangeSign.ADD if old_order is None else ChangeSign.CHANGE
        yield FieldChange(sign=sign, field=f"{SUBSCRIPTIONS}.interceptionOrder", old=_text(old_order), new=_text(order))
    yield from _interceptions(new, old)
    new_rows, old_rows = _notifications(new), _notifications(old)
    for row in sorted((old_rows - new_rows).elements()):
        yield FieldChange(sign=ChangeSign.REMOVE, field=f"{SUBSCRIPTIONS}.notifications", old=row)
    for row in sorted((new_rows - old_rows).elements()):
        yield FieldChange(sign=ChangeSign.ADD, field=f"{SUBSCRIPTIONS}.notifications", new=row)


def _interceptions(new: Mapping[str, object], old: Mapping[str, object]) -> Iterator[FieldChange]:
    """Rows by the API or entity they intercept; a row that only moves is one line with both orders."""
    new_orders, old_orders = _orders(new), _orders(old)
    plugin_orders = {_text(new.get("interceptionOrder")), _text(old.get("interceptionOrder")), ""}
    field = f"{SUBSCRIPTIONS}.interceptions"
    for row in sorted(old_orders.keys() - new_orders.keys()):
        yield FieldChange(sign=ChangeSign.REMOVE, field=field, old=_with_order(row, old_orders[row]))
    for row in sorted(new_orders.keys() - old_orders.keys()):
        yield FieldChange(sign=ChangeSign.ADD, field=field, new=_with_order(row, new_orders[row]))
    for row in sorted(new_orders.keys() & old_orders.keys()):
        order, old_order = new_orders[row], old_orders[row]
        # A row without an order has the plugin's; BioT answers that order or none.
        if order != old_order and not (order in plugin_orders and old_order in plugin_orders):
            yield FieldChange(
                sign=ChangeSign.CHANGE, field=field, old=_with_order(row, old_order), new=_with_order(row, order)
            )


def _orders(subscriptions: Mapping[str, object]) -> dict[str, str]:
    rows = _rows(subscriptions, "interceptions")
    return {_join(row, ("type", "apiId", "entityTypeName")): _text(row.get("order")) for row in rows}


def _notifications(subscriptions: Mapping[str, object]) -> Counter[str]:
    rows = _rows(subscriptions, "notifications")
    return Counter({_join(row, ("entityTypeName", "actionName", "templateName")) for row in rows})


def _join(row: Mapping[str, object], keys: tuple[str, ...]) -> str:
    return " ".join(_text(row[key]) for key in keys if row.get(key))


def _with_order(row: str, order: str) -> str:
    return f"{row}, order {order}" if order else row


def _cors(new: Mapping[str, object], old: Mapping[str, object]) -> Iterator[FieldChange]:
    for name, items in new.items():
        old_items = old.get(name)
        new_values = _items(name, items)
        old_values = _items(name, CORS_DEFAULTS.get(name) if old_items is None else old_items)
        if new_values != old_values:
            yield FieldChange(
                sign=ChangeSign.CHANGE, field=f"{CORS}.{name}", old=" ".join(old_values), new=" ".join(new_values)
            )


def _items(name: str, value: object) -> tuple[str, ...]:
    texts = [_text(item) for item in value] if isinstance(value, list) else []
    return tuple(sorted({text.lower() for text in texts} if name in _CASELESS else set(texts)))


def _rows(table: Mapping[str, object], key: str) -> Iterator[Mapping[str, object]]:
    rows = table.get(key)
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            yield row


def _table(fields: Mapping[str, object], key: str) -> Mapping[str, object]:
    table = fields.get(key)
    return table if isinstance(table, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
