"""JSON Schemas of entities and of the requests for them, for ``/openapi.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from sandbox.api_description import (
    ANY_TEXT,
    CUSTOM_ATTRIBUTE,
    MOMENT,
    TEXT,
    UUID_TEXT,
    nullable,
    object_schema,
    open_object_schema,
)
from sandbox.entities.types.attributes import LOCALE_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.platform.entity_apis import EntityApi
    from sandbox.api_description import Schema
    from sandbox.entities.types.attributes import Attribute, Kind
    from sandbox.entities.types.entity_description import EntityType

TIMEZONE_NAME = "Timezone"
"""The shared schema of time zones, which is long."""


def timezone_schema() -> Schema:
    """Return the schema of the names of time zones; without the package tzdata, Windows knows none."""
    return {"enum": sorted(available_timezones())} if available_timezones() else TEXT


def request_schema(api: EntityApi, kind: EntityType) -> Schema:
    """Return the schema of the body of a request that creates, starts or updates an entity."""
    if api.operation == "update_status":
        return open_object_schema({"data": {"type": "object"}})
    updates, starts = api.operation == "update", api.operation in {"start", "start_by_template"}
    attributes = kind.started_attributes if starts else [one for one in kind.attributes if one.on_update or not updates]
    properties = {one.name: _schema(one) for one in attributes}
    required = [] if updates else [one.name for one in attributes if one.required]
    if api.operation in {"create", "start"}:
        properties |= {"_templateId": UUID_TEXT}
        required.append("_templateId")
    optional = [name for name in properties if name not in required]
    return {**object_schema(properties, optional=optional), "patternProperties": {CUSTOM_ATTRIBUTE: {}}}


def response_schema(kind: EntityType) -> Schema:
    """Return the schema of an entity in a response: the attributes that every entity has, and any others."""
    template = object_schema(
        {"id": UUID_TEXT, "name": TEXT, "displayName": TEXT, "parentTemplate": {"type": "object"}},
        optional=["parentTemplate"],
    )
    properties: dict[str, Schema] = {
        "_id": TEXT if kind.own_ids else UUID_TEXT,
        "_ownerOrganization": open_object_schema({"id": UUID_TEXT}),
        "_template": template,
        "_creationTime": MOMENT,
        "_lastModifiedTime": MOMENT,
        "_caption": TEXT,
    }
    return open_object_schema(properties)


def _schema(one: Attribute) -> Schema:
    schema = _SCHEMAS[one.kind](one)
    return schema if one.required else nullable(schema)


def _text(one: Attribute) -> Schema:
    bounds = {"minLength": one.least, "maxLength": one.most, "pattern": one.pattern and f"^{one.pattern}$"}
    return {**ANY_TEXT, **{key: value for key, value in bounds.items() if value}}


def _whole(one: Attribute) -> Schema:
    return {"type": "integer", "minimum": one.least, "maximum": one.most}


def _object(one: Attribute) -> Schema:
    properties = {part.name: _schema(part) for part in one.parts}
    return object_schema(properties, optional=[part.name for part in one.parts if not part.required])


_SCHEMAS: Mapping[Kind, Callable[[Attribute], Schema]] = {
    "text": _text,
    "choice": lambda one: {"enum": list(one.choices)},
    "flag": lambda _one: {"type": "boolean"},
    "whole": _whole,
    "moment": lambda _one: MOMENT,
    "date": lambda _one: {"type": "string", "format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"},
    "locale": lambda _one: {"type": "string", "pattern": f"^{LOCALE_PATTERN}$"},
    "timezone": lambda _one: {"$ref": f"#/components/schemas/{TIMEZONE_NAME}"},
    "object": _object,
    "reference": lambda _one: object_schema({"id": UUID_TEXT}),
    "any": lambda _one: {"type": "object"},
}
