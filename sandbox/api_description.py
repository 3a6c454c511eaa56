"""Descriptions of operations, which each service writes, and their translation to OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from builder.platform.limits import INTEGER_MAX
from sandbox.search.filters import DEPTH_MAX, INTEGER_BOUND, NUMBER_AS_TEXT
from sandbox.search.search_query import SORTS_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.search.search_query import SearchableList

Schema = dict[str, Any]
Method = Literal["get", "post", "put", "patch", "delete"]

TEXT: Schema = {"type": "string", "minLength": 1}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ANY_TEXT: Schema = {"type": "string"}
UUID_TEXT: Schema = {"type": "string", "format": "uuid"}
CUSTOM_ATTRIBUTE = "^[a-zA-Z][a-zA-Z0-9_]{0,35}$"
"""The names of custom attributes, for ``patternProperties``."""

_PUBLIC_CODES: Mapping[int, tuple[str, ...]] = {
    400: ("BAD_REQUEST",),
    403: ("ACCESS_DENIED",),
    500: ("INTERNAL_SERVER_ERROR",),
}
"""Errors of every operation: 403 when Host or Origin is another address, 500 when the local BioT has a bug."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation of the API.

    Attributes:
        method: The HTTP method in lower case, as in OpenAPI.
        path: The path, with parameters as ``{name}``.
        name: The ``operationId``.
        summary: One sentence.
        permission: The permission that it needs; None when it is public.
        body: The schema of the JSON body or of the form.
        form: Whether ``body`` is sent as a multipart form, with ``config`` as JSON.
        search: The list that its ``searchRequest`` searches.
        parameters: The schemas of the path parameters.
        queries: The schemas of optional query parameters besides ``searchRequest``.
        status: The status of success.
        response: The schema of the JSON response; None for an empty body.
        errors: Error codes by status, in addition to those of every operation.
    """

    method: Method
    path: str
    name: str
    summary: str
    permission: str | None = None
    body: Schema | None = None
    form: bool = False
    search: SearchableList | None = None
    parameters: Mapping[str, Schema] = field(default_factory=dict)
    queries: Mapping[str, Schema] = field(default_factory=dict)
    status: int = 200
    response: Schema | None = None
    errors: Mapping[int, Sequence[str]] = field(default_factory=dict)


def object_schema(properties: Mapping[str, Schema], *, optional: Sequence[str] = ()) -> Schema:
    """Return the schema of an object with these properties and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key for key in properties if key not in optional],
        "properties": dict(properties),
    }


def open_object_schema(properties: Mapping[str, Schema], *, optional: Sequence[str] = ()) -> Schema:
    """Return the schema of an object with these properties; others are ignored."""
    return {**object_schema(properties, optional=optional), "additionalProperties": True}


def nullable(schema: Schema) -> Schema:
    """Return a schema that also allows null."""
    return {"anyOf": [schema, {"type": "null"}]}


HEALTH = object_schema({"version": ANY_TEXT, "traceId": ANY_TEXT})
"""The response of every service's health check."""


def page_of(item: Schema) -> Schema:
    """Return the schema of BioT's response to a search."""
    count = {"type": "integer", "minimum": 0}
    page = object_schema({"totalResults": count, "page": count, "limit": count})
    request = {"sort": {"type": "array"}, "filter": {"type": "object"}, "freeTextSearch": ANY_TEXT}
    metadata = object_schema({"page": page, **request}, optional=["freeTextSearch"])
    return object_schema({"data": {"type": "array", "items": item}, "metadata": metadata})


def search_request(operation: Operation, searchable: SearchableList) -> Schema:
    """Return the schema of ``searchRequest`` for one list; null means the same as leaving a key out."""
    entry = object_schema(
        {"prop": {"enum": sorted(searchable.sortable)}, "order": {"enum": ["ASC", "DESC", None]}}, optional=["order"]
    )
    sizes = {"limit": 1, "page": 0}
    properties: dict[str, Schema] = {
        "filter": {"$ref": f"#/components/schemas/{filter_name(operation)}"},
        "sort": {"type": "array", "items": entry, "maxItems": SORTS_MAX},
        "freeTextSearch": ANY_TEXT,
        **{key: {"type": "integer", "minimum": low, "maximum": INTEGER_MAX} for key, low in sizes.items()},
    }
    return object_schema({key: nullable(value) for key, value in properties.items()}, optional=list(properties))


def filter_name(operation: Operation, depth: int = 1) -> str:
    """Return the name of the schema for the filters of a list."""
    return f"FilterOf{operation.name[0].upper()}{operation.name[1:]}{depth}"


def filter_schemas(operation: Operation, searchable: SearchableList) -> dict[str, Schema]:
    """Return the schemas for the filters of a list: ``$AND``, ``$OR`` and ``$NOT`` nest up to the allowed depth."""
    filters = {name: _condition_on(prop.kind) for name, prop in searchable.props.items()}
    schemas = {}
    for depth in range(1, DEPTH_MAX + 1):
        nested = nullable(
            object_schema({"filter": {"$ref": f"#/components/schemas/{filter_name(operation, depth + 1)}"}})
        )
        logical = dict.fromkeys(("$AND", "$OR", "$NOT"), nested) if depth < DEPTH_MAX else {}
        properties = {**filters, **logical}
        schema = object_schema(properties, optional=list(properties))
        custom = {"patternProperties": {CUSTOM_ATTRIBUTE: _condition_on("any")}}
        schemas[filter_name(operation, depth)] = schema | (custom if searchable.custom_attributes else {})
    return schemas


def _operators(value: Schema, *names: str) -> Schema:
    listed: dict[str, Schema] = {key: {"type": "array", "items": value} for key in ("in", "notIn")}
    null: dict[str, Schema] = {key: {"type": "boolean"} for key in ("isNull", "isNotNull")}
    operators = {**dict.fromkeys(("eq", "not", *names), value), **listed, **null}
    return object_schema({key: nullable(item) for key, item in operators.items()}, optional=list(operators))


_NUMBER: Schema = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": -INTEGER_BOUND, "exclusiveMaximum": INTEGER_BOUND},
        {"type": "string", "pattern": f"^{NUMBER_AS_TEXT}$"},
    ]
}
_ANY_VALUE = {"anyOf": [*_NUMBER["anyOf"], ANY_TEXT, {"type": "boolean"}]}
_FILTERS = {
    "any": _operators(_ANY_VALUE, "lt", "lte", "gt", "gte", "from", "to", "like"),
    "text": _operators(ANY_TEXT, "like"),
    "number": _operators(_NUMBER, "lt", "lte", "gt", "gte"),
    "flag": _operators({"enum": [True, False, "true", "false"]}),
    "time": _operators(MOMENT, "from", "to"),
}


def condition_schemas() -> dict[str, Schema]:
    """Return the schemas for the conditions of filters, one for each kind of property."""
    return {_condition_name(kind): nullable(schema) for kind, schema in _FILTERS.items()}


def _condition_on(kind: str) -> Schema:
    return {"$ref": f"#/components/schemas/{_condition_name(kind)}"}


def _condition_name(kind: str) -> str:
    return f"ConditionOn{kind.title()}"


def error_response(codes: Sequence[str]) -> Schema:
    """Return the schema of BioT's ErrorResponse with one of these codes."""
    text_values = dict.fromkeys(("message", "serviceName", "traceId", "environment"), ANY_TEXT)
    return object_schema({"code": {"enum": sorted(set(codes))}, **text_values, "details": {"type": "object"}})


def operation_object(operation: Operation) -> Schema:
    """Return the operation as an OpenAPI Operation Object."""
    parameters: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in operation.parameters.items()
    ]
    if operation.search:
        content = {"application/json": {"schema": search_request(operation, operation.search)}}
        parameters.append({"name": "searchRequest", "in": "query", "content": content})
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in operation.queries.items()]
    document: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.path.split("/")[1]],
        "parameters": parameters,
        "responses": {str(status): _response(schema) for status, schema in _responses(operation).items()},
        "security": [{"bearerAuth": []}] if operation.permission else [],
    }
    if operation.permission:
        document["description"] = f"Needs the permission {operation.permission}."
    if operation.body:
        document["requestBody"] = {"required": True, "content": _content(operation)}
    return document


def _content(operation: Operation) -> Schema:
    if operation.form:
        encoding = {"config": {"contentType": "application/json"}}
        return {"multipart/form-data": {"schema": operation.body, "encoding": encoding}}
    return {"application/json": {"schema": operation.body}}


def _responses(operation: Operation) -> dict[int, Schema | None]:
    codes: dict[int, list[str]] = {status: list(public) for status, public in _PUBLIC_CODES.items()}
    if operation.permission:
        codes[401] = ["TOKEN_NOT_VALID"]
    if operation.body:
        codes[413] = ["PAYLOAD_TOO_LARGE"]
    for status, more in operation.errors.items():
        codes.setdefault(status, []).extend(more)
    return {operation.status: operation.response} | {key: error_response(codes[key]) for key in sorted(codes)}


def _response(schema: Schema | None) -> Schema:
    description = {"description": "The response." if schema else "Success; the body is empty."}
    return description if schema is None else {**description, "content": {"application/json": {"schema": schema}}}
