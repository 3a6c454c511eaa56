"""Bodies for API calls: every required attribute with a synthetic value, and the values that somebody asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.trigger.trigger_plans import CLEARED
from sandbox.ums.accounts import ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.platform.entity_apis import EntityApi
    from sandbox.entities.types.attributes import Attribute

_WITH_BODY = frozenset({"create", "create_by_template", "start", "start_by_template", "update"})


def example_body(
    api: EntityApi, action: str, wanted: Mapping[str, object], unique: str, now: str
) -> dict[str, object] | None:
    """Return the body of a call; None for an API without one.

    Args:
        api: The API.
        action: The action that the call is for.
        wanted: Values by attribute; a dot leads into an object, as in ``_name.firstName``.
        unique: Letters and digits that no earlier call had, for values that must be unique.
        now: The time, in ISO 8601.
    """
    if api.operation not in _WITH_BODY:
        return None
    body: dict[str, object] = {}
    if api.operation == "update":
        body |= CLEARED if action == "_clear" else {_changeable(api): f"Changed {unique}"}
    elif api.operation.startswith("create"):
        for attribute in ENTITY_TYPES[api.entity_type_name].attributes:
            if attribute.required:
                body[attribute.name] = _value(attribute, unique, now)
    for name, value in wanted.items():
        _set(body, name.split("."), value)
    return body


def _changeable(api: EntityApi) -> str:
    """Return the attribute that an update changes: the first of these that the entity type has."""
    names = {one.name for one in ENTITY_TYPES[api.entity_type_name].attributes}
    return next(name for name in ("_description", "_name", "_code") if name in names)


def _value(attribute: Attribute, unique: str, now: str) -> object:
    if attribute.kind in {"object", "any"}:
        return {part.name: _value(part, unique, now) for part in attribute.parts if part.required}
    values: dict[str, object] = {
        "reference": {"id": ORGANIZATION},
        "choice": next(iter(attribute.choices), ""),
        "moment": now,
        "date": now[:10],
        "flag": False,
        "whole": attribute.least or 0,
    }
    return values[attribute.kind] if attribute.kind in values else _text(attribute, unique)


def _text(attribute: Attribute, unique: str) -> str:
    if attribute.pattern:
        return f"triggered-{unique}"
    return f"Synthetic {unique}" if attribute.most is not None else "Synthetic"


def _set(body: dict[str, object], path: list[str], value: object) -> None:
    """Set a value; an object on the way to it is created, or replaces another value."""
    for name in path[:-1]:
        inner = body.get(name)
        if not isinstance(inner, dict):
            inner = {}
            body[name] = inner
        body = inner
    body[path[-1]] = value
