from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.errors import Severity
from builder.manifest.finding import Finding, shorten
from builder.manifest.rules.api_suggestion import suggest_api
from builder.manifest.rules.subject import table_items
from builder.manifest.suggestion import suggest
from builder.platform.api_catalog import ADAPTABLE_ENTITY_TYPES, API_METHODS, AS_OF, LIKELY_RESERVED_ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.manifest.finding import KeyPath
    from builder.manifest.rules.subject import Subject

_SEGMENT = r"(?:\{[A-Za-z][A-Za-z0-9_-]*\}|[A-Za-z0-9._~!$&'()*+,;=:@%-]+)"
_API_ID = rf"(?:{'|'.join(API_METHODS)})(?:/{_SEGMENT})+"
_EXAMPLE = 'For example apiId = "POST/organization/v1/users/patients".'


def check(subject: Subject) -> Iterator[Finding]:
    """An interception names an API or an entity, as its type needs, and there are no duplicates."""
    subscriptions = subject.subtable("subscriptions")
    yield from _order(subscriptions, ("subscriptions",), "interceptionOrder")
    seen: dict[tuple[object, ...], int] = {}
    for index, row in table_items(subscriptions, "interceptions"):
        path = ("subscriptions", "interceptions", index)
        yield from _target(row, path)
        yield from _order(row, path, "order")
        target = (row.get("type"), row.get("apiId"), row.get("entityTypeName"))
        first = seen.setdefault(target, index)
        if first != index and any(target[1:]):
            message = f"Duplicate interception: it is the same as interceptions[{first}]."
            yield Finding(path=path, message=message, hint="Delete one of the two.")


def _target(row: Mapping[str, object], path: KeyPath) -> Iterator[Finding]:
    kind = row.get("type")
    if not isinstance(kind, str):
        return
    needed, foreign = ("entityTypeName", "apiId") if kind == "ADAPT_ENTITY" else ("apiId", "entityTypeName")
    if foreign in row:
        message = f"{kind} needs {needed}, not {foreign}."
        yield Finding(path=(*path, foreign), message=message, hint="Delete the line, or change the type.")
    value = row.get(needed)
    if not isinstance(value, str):
        message = f"{needed} is missing: {kind} needs it."
        hint = _EXAMPLE if needed == "apiId" else 'For example entityTypeName = "patient".'
        yield Finding(path=(*path, needed), message=message, hint=hint)
    elif needed == "apiId":
        yield from _api_id(value, (*path, needed))
    elif value not in ADAPTABLE_ENTITY_TYPES:
        yield _unknown_entity(value, (*path, needed))


def _api_id(value: str, path: KeyPath) -> Iterator[Finding]:
    if re.fullmatch(_API_ID, value):
        if suggestion := suggest_api(value):
            yield _unknown_api(value, suggestion, path)
        return
    if any(character.isspace() for character in value):
        message = "The apiId must not have spaces: write the path directly after the method."
    elif not value.startswith(tuple(f"{method}/" for method in API_METHODS)):
        message = (
            f"The apiId must start with a method in capital letters ({', '.join(API_METHODS)}), followed by the path."
        )
    elif "?" in value or "#" in value:
        message = "The apiId must end with the path: no query and no fragment."
    else:
        message = "The path of the apiId must not have empty parts or a slash at the end; write a parameter as {name}."
    yield Finding(path=path, message=message, hint=_EXAMPLE)


def _unknown_api(value: str, suggestion: str, path: KeyPath) -> Finding:
    return Finding(
        path=path,
        message=f"{shorten(value)} is not in the list of APIs that can be intercepted ({AS_OF}).",
        hint=f'Did you mean "{suggestion}"?',
        severity=Severity.WARNING,
    )


def _unknown_entity(value: str, path: KeyPath) -> Finding:
    suggestion = suggest(value, ADAPTABLE_ENTITY_TYPES)
    return Finding(
        path=path,
        message=f"{shorten(value)} is not in the list of entity types that can be adapted ({AS_OF}).",
        hint=f'Did you mean "{suggestion}"?'
        if suggestion
        else f"Known entity types: {', '.join(ADAPTABLE_ENTITY_TYPES)}.",
        severity=Severity.WARNING,
    )


def _order(table: Mapping[str, object], path: KeyPath, key: str) -> Iterator[Finding]:
    if table.get(key) == LIKELY_RESERVED_ORDER:
        yield Finding(
            path=(*path, key),
            message=f"Order {LIKELY_RESERVED_ORDER} is probably reserved: BioT's guide asks for more than 1.",
            hint=f"Use a larger number, such as {key} = 10.",
            severity=Severity.WARNING,
        )
