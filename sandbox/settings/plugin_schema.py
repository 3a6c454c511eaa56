"""The shapes of requests and answers as JSON Schema: what a request is held against and what /openapi.json shows.

Fields, ranges and defaults are those of the manifest (``builder/manifest/schema.json``, from BioT OpenAPI specification
2.4.2): what ``biot-plugin check`` takes, the local BioT takes. Keys that the specification does not have are refused,
so that a misspelt one is found on the laptop; what BioT does with them is not documented.
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


# Is the JSON of ``config`` what the specification describes? Keys, types and bounds; the meaning is ``rules``'.
VALIDATION_FAILED = "PLUGIN_REQUEST_VALIDATION_FAILED"
_SHOWN = 20
_MASK = "the value"
"""Stands in messages for what was sent: it may be a secret in a wrong place."""


def read_creation(text: str) -> Config:
    """The request to create, without its nulls.

    Raises:
        ApiError: 400 (the specification has no code for it), everything that is wrong in one message.
    """
    return _checked(text, create_request, bad_request)


def read_update(text: str) -> Config:
    """The request to change some fields, without its nulls.

    Raises:
        ApiError: 400 ``PLUGIN_REQUEST_VALIDATION_FAILED``.
    """
    return _checked(text, update_request, refused_update)


def read_replacement(text: str) -> Config:
    """The request to change every field: a body as for creation, without its nulls.

    Raises:
        ApiError: 400 ``PLUGIN_REQUEST_VALIDATION_FAILED``.
    """
    return _checked(text, create_request, refused_update)


def refused_update(message: str) -> ApiError:
    """The 400 of an update whose fields cannot be taken."""
    return bad_request(message, VALIDATION_FAILED)


def _checked(text: str, shape: Callable[[], Schema], refuse: Callable[[str], ApiError]) -> Config:
    value = read_json(text, "config")
    faults = [
        f"{'.'.join(str(part) for part in error.instance_path) or 'config'}: {error.message}"
        for error in islice(_validator(shape).iter_errors(value), _SHOWN)
    ]
    if faults or not isinstance(value, dict):
        raise refuse("; ".join(faults))
    return _without_nulls(value)


@cache
def _validator(shape: Callable[[], Schema]) -> Draft202012Validator:
    return Draft202012Validator(shape(), mask=_MASK)


def _without_nulls(value: Mapping[str, object]) -> Config:
    return {key: _sent(item) for key, item in value.items() if item is not None}


def _sent(value: object) -> object:
    if isinstance(value, dict):
        return _without_nulls(value)
    return [_sent(item) for item in value] if isinstance(value, list) else value


Schema = dict[str, Any]

REQUIRED = ("name", "displayName", "version")
NAME_PATTERN = "^[a-zA-Z0-9_-]+$"
"""BioT's own pattern has no anchors; Lambda, which gets the name, takes nothing else."""
FIXED = ("name", "deploymentPackageType")
"""What cannot change after creation: not in the body of PATCH."""
SUBSCRIPTIONS_MAX = 5_000
"""Interceptions of one plugin, and its notifications. The kit's choice, far above what a plugin needs: BioT publishes
no bound, and one request must not keep everybody else waiting. ``CONFIG_MAX`` (1 MB) bounds their size."""
_TIMES = ("creationTime", "lastModifiedTime")
_LINKS = ("endpointUrl", "linkToConsole")


@cache
def fields() -> Schema:
    """Every field of ``config`` by its name, without references."""
    found: Schema = _resolved(schema()["properties"]["plugin"]["properties"])
    found["name"]["pattern"] = NAME_PATTERN
    for key in ("interceptions", "notifications"):
        found["subscriptions"]["properties"][key]["maxItems"] = SUBSCRIPTIONS_MAX
    # BioT's own default; a manifest has none, because the kit never leaves the state to BioT.
    found["enabledState"]["default"] = "ENABLED"
    return found


def default(field: str) -> Any:  # noqa: ANN401  # a JSON value
    """What a field is when it is not sent."""
    return deepcopy(fields()[field]["default"])


def cors_defaults() -> dict[str, list[str]]:
    """What each list of ``cors`` is when it is not sent."""
    return {key: deepcopy(value["default"]) for key, value in fields()["cors"]["properties"].items()}


@cache
def create_request() -> Schema:
    """``CreatePluginRequest``; an optional field may also be null, which is the same as not sending it."""
    return _object(fields(), REQUIRED, "What a plugin is created from.")


@cache
def update_request() -> Schema:
    """``PartialUpdatePluginRequest``: every field may be left out, and two are not there at all."""
    changeable = {key: value for key, value in fields().items() if key not in FIXED}
    return _object(changeable, (), "What changes; what is left out stays as it is.")


@cache
def plugin_response() -> Schema:
    """``PluginResponse``: neither code nor ``imageTag`` ever comes back."""
    told = {key: value for key, value in deepcopy(fields()).items() if key != "imageTag"}
    for key in ("runtime", "handler"):
        told[key] = _nullable(told[key])
    times = {key: {"type": "string", "format": "date-time"} for key in _TIMES}
    links = {key: {"type": "string", "format": "uri"} for key in _LINKS}
    return {
        "type": "object",
        "required": [*REQUIRED, *links, *times],
        "properties": {**told, **links, **times},
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
    """The field with null beside its values; inside objects too, but not inside lists and maps."""
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
