"""The JSON Schemas of requests and responses about plugins, and the check of a request's ``config`` against them.

Fields, ranges and defaults are those of the manifest (``builder/manifest/schema.json``, from BioT OpenAPI specification
2.4.2): the local BioT accepts whatever ``biot-plugin check`` accepts. Unknown keys are refused, so that a misspelt one
is found on the laptop; what BioT does with them is not documented. The meaning of the values is checked by
``configuration_rules``.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from jsonschema_rs import Draft202012Validator

from builder.manifest.schema.json_schema import schema
from sandbox.web.biot_errors import bad_request
from sandbox.web.json_text import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.web.biot_errors import ApiError

    Config = dict[str, object]

Schema = dict[str, Any]

VALIDATION_FAILED = "PLUGIN_REQUEST_VALIDATION_FAILED"
REQUIRED = ("name", "displayName", "version")
NAME_PATTERN = "^[a-zA-Z0-9_-]+$"
"""BioT's own pattern has no anchors, but Lambda gets the name and accepts nothing else."""
FIXED = ("name", "deploymentPackageType")
"""Fields that cannot change after creation; the body of PATCH does not have them."""
SUBSCRIPTIONS_MAX = 5_000
"""The number of interceptions of a plugin, and of its notifications. The kit's choice, far more than a plugin needs:
BioT publishes no bound, and one request must not delay all others. ``CONFIG_MAX`` (1 MB) bounds their size."""
_PROBLEMS_SHOWN = 20
_MASK = "the value"
"""Replaces sent values in messages, because a value in a wrong place may be a secret."""
_TIMES = ("creationTime", "lastModifiedTime")
_LINKS = ("endpointUrl", "linkToConsole")


def read_creation(text: str) -> Config:
    """Read the ``config`` of a creation, without its nulls.

    Raises:
        ApiError: 400 (the specification has no code for it), with all problems in one message.
    """
    return _checked(text, create_request, bad_request)


def read_update(text: str) -> Config:
    """Read the ``config`` of a partial update, without its nulls.

    Raises:
        ApiError: 400 ``PLUGIN_REQUEST_VALIDATION_FAILED``.
    """
    return _checked(text, update_request, invalid_update)


def read_replacement(text: str) -> Config:
    """Read the ``config`` of a replacement, which has the form of a creation, without its nulls.

    Raises:
        ApiError: 400 ``PLUGIN_REQUEST_VALIDATION_FAILED``.
    """
    return _checked(text, create_request, invalid_update)


def invalid_update(message: str) -> ApiError:
    """Return the 400 of an update with invalid fields."""
    return bad_request(message, VALIDATION_FAILED)


def _checked(text: str, request_schema: Callable[[], Schema], error_of: Callable[[str], ApiError]) -> Config:
    value = read_json(text, "config")
    problems = [
        f"{'.'.join(str(part) for part in error.instance_path) or 'config'}: {error.message}"
        for error in islice(_validator(request_schema).iter_errors(value), _PROBLEMS_SHOWN)
    ]
    if problems or not isinstance(value, dict):
        raise error_of("; ".join(problems))
    return _without_nulls(value)


@cache
def _validator(request_schema: Callable[[], Schema]) -> Draft202012Validator:
    return Draft202012Validator(request_schema(), mask=_MASK)


def _without_nulls(value: Mapping[str, object]) -> Config:
    return {key: _value_without_nulls(item) for key, item in value.items() if item is not None}


def _value_without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return _without_nulls(value)
    return [_value_without_nulls(item) for item in value] if isinstance(value, list) else value


@cache
def fields() -> Schema:
    """Return the schema of every field of ``config`` by its name, with references resolved."""
    resolved: Schema = _resolved(schema()["properties"]["plugin"]["properties"])
    resolved["name"]["pattern"] = NAME_PATTERN
    for key in ("interceptions", "notifications"):
        resolved["subscriptions"]["properties"][key]["maxItems"] = SUBSCRIPTIONS_MAX
    # BioT's own default. A manifest has none, because the kit always sends the state.
    resolved["enabledState"]["default"] = "ENABLED"
    return resolved


def default(field: str) -> Any:  # noqa: ANN401  # a JSON value
    """Return the default of a field."""
    return deepcopy(fields()[field]["default"])


def cors_defaults() -> dict[str, list[str]]:
    """Return the default of each list in ``cors``."""
    return {key: deepcopy(value["default"]) for key, value in fields()["cors"]["properties"].items()}


@cache
def create_request() -> Schema:
    """Return the schema of ``CreatePluginRequest``. In an optional field, null means the same as not sending it."""
    return _object(fields(), REQUIRED, "The configuration of a new plugin.")


@cache
def update_request() -> Schema:
    """Return the schema of ``PartialUpdatePluginRequest``: all fields are optional, and two do not exist."""
    changeable = {key: value for key, value in fields().items() if key not in FIXED}
    return _object(changeable, (), "The fields to change. The others stay as they are.")


@cache
def plugin_response() -> Schema:
    """Return the schema of ``PluginResponse``, which contains neither code nor ``imageTag``."""
    properties = {key: value for key, value in deepcopy(fields()).items() if key != "imageTag"}
    for key in ("runtime", "handler"):
        properties[key] = _nullable(properties[key])
    times = {key: {"type": "string", "format": "date-time"} for key in _TIMES}
    links = {key: {"type": "string", "format": "uri"} for key in _LINKS}
    return {
        "type": "object",
        "required": [*REQUIRED, *links, *times],
        "properties": {**properties, **links, **times},
    }


def _object(properties: Schema, required: tuple[str, ...], description: str) -> Schema:
    return {
        "description": description,
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {
            key: value if key in required else _optional(value) for key, value in deepcopy(properties).items()
        },
    }


def _optional(field: Schema) -> Schema:
    """Return the field's schema with null allowed; in nested objects too, but not in lists and maps."""
    if "properties" in field:
        required = field.get("required", [])
        field["properties"] = {
            key: value if key in required else _optional(value) for key, value in field["properties"].items()
        }
    if isinstance(items := field.get("items"), dict) and "properties" in items:
        field["items"] = {**_optional(items), "type": "object"}
    return _nullable(field)


def _nullable(field: Schema) -> Schema:
    changed = {key: value for key, value in field.items() if key != "default"}
    if "type" in field:
        changed["type"] = [field["type"], "null"]
    if "enum" in field:
        changed["enum"] = [*field["enum"], None]
    return changed


def _resolved(value: Any) -> Any:  # noqa: ANN401  # any part of a JSON Schema
    if isinstance(value, dict):
        if "$ref" in value:
            return _resolved(schema()["$defs"][value["$ref"].rpartition("/")[2]])
        return {key: _resolved(item) for key, item in value.items()}
    return [_resolved(item) for item in value] if isinstance(value, list) else value
