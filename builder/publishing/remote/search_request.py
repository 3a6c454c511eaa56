"""Build BioT's ``searchRequest`` from command line options (specification 2.4.2; DOC using-biot-search-apis). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.suggestion import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

PLUGIN_PROPS = (
    "name",
    "displayName",
    "version",
    "endpointUrl",
    "timeout",
    "runtime",
    "handler",
    "memorySize",
    "enabledState",
    "creationTime",
    "lastModifiedTime",
    "deploymentPackageType",
    "ephemeralStorage",
)
"""The properties that plugins can be filtered and sorted by."""
_NUMBERS = frozenset({"version", "timeout", "memorySize", "ephemeralStorage"})
_LISTS = frozenset({"in", "notIn"})
_FLAGS = frozenset({"isNull", "isNotNull"})
OPERATORS = ("eq", "not", "in", "notIn", "lt", "lte", "gt", "gte", "like", "from", "to", "isNull", "isNotNull")
_ORDERS = frozenset({"ASC", "DESC"})


def search_request(
    *, text: str | None, filters: Iterable[str], sorts: Iterable[str], page: int, limit: int
) -> dict[str, object]:
    """The search request for BioT.

    Args:
        text: Words; one of them must occur (``freeTextSearch``). Or None.
        filters: ``PROP=VALUE`` or ``PROP:OPERATOR=VALUE``; all must match.
        sorts: ``PROP`` or ``PROP:DESC``; the first one has priority.
        page: From 0.
        limit: Plugins per page.

    Raises:
        ValueError: BioT does not have this filter or sort; lists what it has.
    """
    request: dict[str, object] = {"limit": limit, "page": page}
    if text:
        request["freeTextSearch"] = text
    conditions: dict[str, dict[str, object]] = {}
    for option in filters:
        prop, operator, value = _filter(option)
        if operator in conditions.setdefault(prop, {}):
            msg = f"Duplicate filter {prop}:{operator}. Use `in` for several values."
            raise ValueError(msg)
        conditions[prop][operator] = value
    if conditions:
        request["filter"] = conditions
    order = [_sort(option) for option in sorts]
    # BioT sorts by age by default; people look for names.
    request["sort"] = order or [{"prop": "name", "order": "ASC"}]
    return request


def _filter(option: str) -> tuple[str, str, object]:
    left, separator, text = option.partition("=")
    if not separator:
        left, text = option, ""
    prop, _, operator = left.partition(":")
    _check_known(prop.strip(), PLUGIN_PROPS)
    operator = operator.strip() or "eq"
    _check_known(operator, OPERATORS)
    if operator in _FLAGS:
        return prop.strip(), operator, True
    if not separator:
        msg = f"{option} has no value. A filter is PROP=VALUE or PROP:OPERATOR=VALUE."
        raise ValueError(msg)
    if operator in _LISTS:
        return prop.strip(), operator, [_value(prop.strip(), item.strip()) for item in text.split(",") if item.strip()]
    return prop.strip(), operator, _value(prop.strip(), text)


def _sort(option: str) -> dict[str, object]:
    prop, _, order = option.partition(":")
    _check_known(prop, PLUGIN_PROPS)
    order = order.upper() or "ASC"
    if order not in _ORDERS:
        msg = f"{option} has an unknown order. The order is ASC or DESC."
        raise ValueError(msg)
    return {"prop": prop, "order": order}


def _check_known(word: str, known: tuple[str, ...]) -> None:
    if word in known:
        return
    suggestion = suggest(word, known)
    msg = f"{word or 'An empty name'} is unknown. Known names: {', '.join(known)}."
    if suggestion:
        msg = f"{word} is unknown. Did you mean {suggestion}?"
    raise ValueError(msg)


def _value(prop: str, text: str) -> object:
    if prop not in _NUMBERS:
        return text
    try:
        return int(text)
    except ValueError as error:
        msg = f"{prop} must be a whole number, not {text!r}."
        raise ValueError(msg) from error
