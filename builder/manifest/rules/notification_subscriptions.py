from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import Severity
from builder.manifest.finding import Finding, shorten
from builder.manifest.rules.subject import table_items
from builder.manifest.suggestion import suggest
from builder.platform.api_catalog import ACTIONS_BY_ENTITY, AS_OF, ENTITY_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.manifest.finding import KeyPath
    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A notification names an entity and an action that BioT is known to have, and there are no duplicates."""
    seen: dict[tuple[object, ...], int] = {}
    for index, row in table_items(subject.subtable("subscriptions"), "notifications"):
        path = ("subscriptions", "notifications", index)
        yield from _names(row, path)
        event = (row.get("entityTypeName"), row.get("actionName"), row.get("templateName"))
        first = seen.setdefault(event, index)
        if first != index and all(event[:2]):
            message = f"Duplicate notification: it is the same as notifications[{first}]."
            yield Finding(path=path, message=message, hint="Delete one of the two.")


def _names(row: Mapping[str, object], path: KeyPath) -> Iterator[Finding]:
    """Only warnings: the list is dated, and the platform may have more."""
    entity, action = row.get("entityTypeName"), row.get("actionName")
    if not isinstance(entity, str):
        return
    if entity not in ACTIONS_BY_ENTITY:
        suggestion = suggest(entity, ENTITY_TYPES)
        yield Finding(
            path=(*path, "entityTypeName"),
            message=f"{shorten(entity)} is not in the list of entity types ({AS_OF}).",
            hint=f'Did you mean "{suggestion}"?' if suggestion else f"Known entity types: {', '.join(ENTITY_TYPES)}.",
            severity=Severity.WARNING,
        )
    elif isinstance(action, str) and action not in ACTIONS_BY_ENTITY[entity]:
        actions = ACTIONS_BY_ENTITY[entity]
        suggestion = suggest(action, actions)
        yield Finding(
            path=(*path, "actionName"),
            message=f"{shorten(action)} is not in the list of actions of {entity} ({AS_OF}).",
            hint=f'Did you mean "{suggestion}"?' if suggestion else f"Known actions: {', '.join(actions)}.",
            severity=Severity.WARNING,
        )
