"""Words of a command line -> BioT's ``searchRequest`` (specification 2.4.2; DOC using-biot-search-apis). Pure."""

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
"""What plugins can be filtered and sorted by."""
_NUMBERS = frozenset({"version", "timeout", "memorySize", "ephemeralStorage"})
_LISTS = frozenset({"in", "notIn"})
_FLAGS = frozenset({"isNull", "isNotNull"})
OPERATORS = ("eq", "not", "in", "notIn", "lt", "lte", "gt", "gte", "like", "from", "to", "isNull", "isNotNull")
_ORDERS = frozenset({"ASC", "DESC"})


def search_request(
    *, text: str | None, filters: Iterable[str], sorts: Iterable[str], page: int, limit: int
) -> dict[str, object]:
    """What BioT is asked.

    Args:
        text: Words of which one has to occur (``freeTextSearch``), or None.
        filters: ``PROP=VALUE`` or ``PROP:OPERATOR=VALUE``; all have to hold.
        sorts: ``PROP`` or ``PROP:DESC``; the first counts most.
        page: From 0.
        limit: Plugins per page.

    Raises:
        ValueError: A filter or a sort that BioT does not have; says which there are.
    """
    asked: dict[str, object] = {"limit": limit, "page": page}
    if text:
        asked["freeTextSearch"] = text
    conditions: dict[str, dict[str, object]] = {}
    for words in filters:
        prop, operator, value = _filter(words)
        if operator in conditions.setdefault(prop, {}):
            msg = f"{prop}:{operator} is there twice; BioT takes each once, and `in` for several values."
            raise ValueError(msg)
        conditions[prop][operator] = value
    if conditions:
        asked["filter"] = conditions
    order = [_sort(words) for words in sorts]
    # Without one BioT sorts by age; people look for names.
    asked["sort"] = order or [{"prop": "name", "order": "ASC"}]
    return asked


def _filter(words: str) -> tuple[str, str, object]:
    left, separator, text = words.partition("=")
    if not separator:
        left, text = words, ""
    prop, _, operator = left.partition(":")
    _known(prop.strip(), PLUGIN_PROPS)
    operator = operator.strip() or "eq"
    _known(operator, OPERATORS)
    if operator in _FLAGS:
        return prop.strip(), operator, True
    if not separator:
        msg = f"{words} has no value; a filter is PROP=VALUE or PROP:OPERATOR=VALUE."
        raise ValueError(msg)
    if operator in _LISTS:
        return prop.strip(), operator, [_value(prop.strip(), one.strip()) for one in text.split(",") if one.strip()]
    return prop.strip(), operator, _value(prop.strip(), text)


def _sort(words: str) -> dict[str, object]:
    prop, _, order = words.partition(":")
    _known(prop, PLUGIN_PROPS)
    order = order.upper() or "ASC"
    if order not in _ORDERS:
        msg = f"{words} has no order that BioT knows; it is ASC or DESC."
        raise ValueError(msg)
    return {"prop": prop, "order": order}


def _known(word: str, known: tuple[str, ...]) -> None:
    if word in known:
        return
    meant = suggest(word, known)
    msg = f"{word or 'An empty word'} is not among what BioT knows: {', '.join(known)}."
    if meant:
        msg = f"{word} is not known to BioT; did you mean {meant}?"
    raise ValueError(msg)


def _value(prop: str, text: str) -> object:
    if prop not in _NUMBERS:
        return text
    try:
        return int(text)
    except ValueError as error:
        msg = f"{prop} is a number, and {text!r} is none."
        raise ValueError(msg) from error
