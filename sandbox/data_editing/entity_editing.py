"""Which API creates, changes or deletes an entity, and its attributes as JSON to edit. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.platform.entity_apis import ENTITY_APIS
from sandbox.entities.entity_body import REFERENCES
from sandbox.entities.templates.seed_templates import default_template_id
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.trigger.example_bodies import example_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.platform.entity_apis import EntityApi, Operation

_CREATIONS: tuple[Operation, ...] = ("create", "start")
_READ_ONLY = frozenset({"_id", "_ownerOrganization"})


@dataclass(frozen=True, kw_only=True, slots=True)
class TextProblem:
    """What is wrong with an edited text.

    Attributes:
        message: What, as a sentence.
        line: Its line from 1; None when no line is the reason.
    """

    message: str
    line: int | None = None


def api_of(entity_type_name: str, operation: str) -> EntityApi | None:
    """Return the API with the fewest parameters; None when BioT has none.

    Args:
        entity_type_name: The type of the entity.
        operation: ``create``, ``update`` or ``delete``.
    """
    operations = _CREATIONS if operation == "create" else (operation,)
    found = [one for one in ENTITY_APIS if one.entity_type_name == entity_type_name and one.operation in operations]
    return min(found, key=lambda one: (operations.index(one.operation), one.path.count("{")), default=None)


def call_of(api: EntityApi, entity: Mapping[str, Any], parent_id: str = "") -> str:
    """Return the call of an API as a trigger names it: the method directly followed by the path.

    Args:
        api: The API.
        entity: The entity; empty for a new one.
        parent_id: What a new entity belongs to.
    """
    values = {"id": str(entity.get("_id", ""))}
    if parent := ENTITY_TYPES[api.entity_type_name].parent:
        belongs = entity.get(parent.attribute)
        values[parent.parameter] = str(belongs["id"]) if isinstance(belongs, dict) else parent_id
    return api.method + re.sub(r"\{(\w+)\}", lambda match: values[match[1]], api.path)


def editable_attributes(entity_type_name: str, entity: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of an entity that an update may send, custom ones too; references as their ids."""
    attributes = ENTITY_TYPES[entity_type_name].attributes
    built_in = {one.name for one in attributes if one.on_update} - _READ_ONLY
    return {
        name: {"id": value["id"]} if name in REFERENCES and isinstance(value, dict) else value
        for name, value in entity.items()
        if name in built_in or not name.startswith("_")
    }


def body_of_update(entity_type_name: str, entity: Mapping[str, Any], edited: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an update sends: the attributes that differ, and null for those that were deleted."""
    before = editable_attributes(entity_type_name, entity)
    changed = {name: value for name, value in edited.items() if name not in before or before[name] != value}
    return {**changed, **{name: None for name in before if name not in edited}}


def new_entity(entity_type_name: str, unique: str, now: str) -> dict[str, Any]:
    """Return the body of a synthetic entity to begin with; empty when BioT has no API that creates one.

    Args:
        entity_type_name: Its type.
        unique: Letters and digits for values that must be unique.
        now: The time, in ISO 8601.
    """
    api = api_of(entity_type_name, "create")
    if api is None:
        return {}
    body = example_body(api, "_create", {}, unique, now) or {}
    return {"_templateId": default_template_id(entity_type_name), **body}


def read_object(text: str) -> tuple[dict[str, Any], TextProblem | None]:
    """Read an edited JSON object, or return its problem with the line."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return {}, TextProblem(message=f"{error.msg} (column {error.colno}).", line=error.lineno)
    except RecursionError:
        return {}, TextProblem(message="It is nested too deeply.")
    if not isinstance(value, dict):
        return {}, TextProblem(message="Write an object: { … }.", line=1)
    return value, None


def located_problem(text: str, message: str) -> TextProblem:
    """Return BioT's message with the line of the first attribute that it names."""
    for number, line in enumerate(text.splitlines(), start=1):
        if any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message) for name in re.findall(r'"(\w+)"\s*:', line)):
            return TextProblem(message=message, line=number)
    return TextProblem(message=message)
