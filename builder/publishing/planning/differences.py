"""What differs between the plugin as its manifest wants it and as BioT has it, line by line. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from builder.manifest.model import Cors, Plugin
from builder.manifest.serialization import render_config
from builder.platform.reserved_variables import BIOT_PREFIX, TREE_DIGEST_NAME, TREE_VERSION_NAME
from builder.publishing.api_values import SecretText

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLES: Final = "environmentVariables"
SUBSCRIPTIONS: Final = "subscriptions"
CORS: Final = "cors"
CODE_VARIABLES: Final = frozenset({TREE_DIGEST_NAME, TREE_VERSION_NAME})
"""Variables of the kit that say which code runs: compared as code, never as settings."""
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
_DEFAULTS: Final = {**render_config(Plugin(name="", display_name="", version=0)), STATE: "ENABLED"}
"""What BioT documents for a field that an answer leaves out."""
_CORS_DEFAULTS: Final = render_config(Plugin(name="", display_name="", version=0, cors=Cors()))[CORS]
_NO_DEFAULT: Final = frozenset({"displayName", "runtime", "handler"})
_CASELESS: Final = frozenset({"allowHeaders", "exposeHeaders"})


class ChangeSign(StrEnum):
    """What happens to one line."""

    ADD = "+"
    REMOVE = "-"
    CHANGE = "~"


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One line of a plan.

    Two changes are equal when they lead from the same value to the same value, also where values are not shown.

    Attributes:
        sign: Added, removed or changed.
        field: By BioT's own name, such as ``memorySize`` or ``environmentVariables.LOG_LEVEL``.
        old: What BioT has, as text; empty when it has nothing, or when it is not shown.
        new: What is wanted, likewise.
        hidden: Both values, where they are never shown because they may be secret.
    """

    sign: ChangeSign
    field: str
    old: str = ""
    new: str = ""
    hidden: SecretText | None = dataclasses.field(default=None, repr=False)


def compare(desired: Mapping[str, object], actual: Mapping[str, object]) -> tuple[FieldChange, ...]:
    """Every setting in which BioT's plugin differs; code and version are not settings.

    What an answer leaves out has the platform's documented default. A setting without a value in ``desired`` is
    nobody's: it stays as it is. Order in lists means nothing to BioT, so it is not compared.

    Args:
        desired: ``builder.manifest.render_config``.
        actual: A plugin's fields as BioT answered them; empty for a plugin that is not there.
    """
    return (
        *_scalars(desired, actual),
        *_variables(desired, actual),
        *_subscriptions(_table(desired, SUBSCRIPTIONS), _table(actual, SUBSCRIPTIONS)),
        *_cors(_table(desired, CORS), _table(actual, CORS)),
    )


def own_variables(fields: Mapping[str, object]) -> dict[str, object]:
    """The variables that are the plugin's: neither BioT's (``BIOT_*``) nor the kit's marks."""
    return {
        key: value
        for key, value in _table(fields, VARIABLES).items()
        if not key.startswith(BIOT_PREFIX) and key not in CODE_VARIABLES
    }


def _scalars(desired: Mapping[str, object], actual: Mapping[str, object]) -> Iterator[FieldChange]:
    image = actual.get("deploymentPackageType") == "IMAGE"
    for name in SCALARS:
        wanted, has = desired.get(name), actual.get(name)
        if has is None and name not in _NO_DEFAULT:
            has = _DEFAULTS.get(name)
        ignored = image and name in {"runtime", "handler"}  # BioT gives neither back for an image
        if wanted is None or ignored or _text(wanted) == _text(has):
            continue
        sign = ChangeSign.ADD if has is None else ChangeSign.CHANGE
        yield FieldChange(sign=sign, field=name, old=_text(has), new=_text(wanted))


def _variables(desired: Mapping[str, object], actual: Mapping[str, object]) -> Iterator[FieldChange]:
    wanted, has = own_variables(desired), own_variables(actual)
    for name in sorted(wanted.keys() | has.keys()):
        if name in wanted and name in has and _text(wanted[name]) == _text(has[name]):
            continue
        sign = (
            ChangeSign.CHANGE
            if name in wanted and name in has
            else ChangeSign.ADD
            if name in wanted
            else ChangeSign.REMOVE
        )
        values = SecretText(json.dumps([_text(has.get(name)), _text(wanted.get(name))]))
        yield FieldChange(sign=sign, field=f"{VARIABLES}.{name}", hidden=values)


def _subscriptions(wanted: Mapping[str, object], has: Mapping[str, object]) -> Iterator[FieldChange]:
    order, had = wanted.get("interceptionOrder"), has.get("interceptionOrder")
    if order is not None and _text(order) != _text(had):
        sign = ChangeSign.ADD if had is None else ChangeSign.CHANGE
        yield FieldChange(sign=sign, field=f"{SUBSCRIPTIONS}.interceptionOrder", old=_text(had), new=_text(order))
    yield from _interceptions(wanted, has)
    ours, theirs = (_notifications(side) for side in (wanted, has))
    for row in sorted((theirs - ours).elements()):
        yield FieldChange(sign=ChangeSign.REMOVE, field=f"{SUBSCRIPTIONS}.notifications", old=row)
    for row in sorted((ours - theirs).elements()):
        yield FieldChange(sign=ChangeSign.ADD, field=f"{SUBSCRIPTIONS}.notifications", new=row)


def _interceptions(wanted: Mapping[str, object], has: Mapping[str, object]) -> Iterator[FieldChange]:
    """Rows by what they intercept; a row that only moves is one line with both orders."""
    ours, theirs = _orders(wanted), _orders(has)
    usual = {_text(wanted.get("interceptionOrder")), _text(has.get("interceptionOrder")), ""}
    where = f"{SUBSCRIPTIONS}.interceptions"
    for row in sorted(theirs.keys() - ours.keys()):
        yield FieldChange(sign=ChangeSign.REMOVE, field=where, old=_ordered(row, theirs[row]))
    for row in sorted(ours.keys() - theirs.keys()):
        yield FieldChange(sign=ChangeSign.ADD, field=where, new=_ordered(row, ours[row]))
    for row in sorted(ours.keys() & theirs.keys()):
        order, had = ours[row], theirs[row]
        # Without an order of its own a row has the plugin's, and answers give that one or none.
        if order != had and not (order in usual and had in usual):
            yield FieldChange(sign=ChangeSign.CHANGE, field=where, old=_ordered(row, had), new=_ordered(row, order))


def _orders(subscriptions: Mapping[str, object]) -> dict[str, str]:
    rows = _rows(subscriptions, "interceptions")
    return {_words(row, ("type", "apiId", "entityTypeName")): _text(row.get("order")) for row in rows}


def _notifications(subscriptions: Mapping[str, object]) -> Counter[str]:
    rows = _rows(subscriptions, "notifications")
    return Counter({_words(row, ("entityTypeName", "actionName", "templateName")) for row in rows})


def _words(row: Mapping[str, object], keys: tuple[str, ...]) -> str:
    return " ".join(_text(row[key]) for key in keys if row.get(key))


def _ordered(row: str, order: str) -> str:
    return f"{row}, order {order}" if order else row


def _cors(wanted: Mapping[str, object], has: Mapping[str, object]) -> Iterator[FieldChange]:
    defaults = _CORS_DEFAULTS if isinstance(_CORS_DEFAULTS, dict) else {}
    for name, items in wanted.items():
        had = has.get(name)
        ours, theirs = (_items(name, value) for value in (items, defaults.get(name) if had is None else had))
        if ours != theirs:
            yield FieldChange(sign=ChangeSign.CHANGE, field=f"{CORS}.{name}", old=" ".join(theirs), new=" ".join(ours))


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
