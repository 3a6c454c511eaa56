"""The JSON Schemas of templates (BioT OpenAPI specification 2.4.2, settings: CreateTemplateRequest).

Of the settings of a custom attribute, the local BioT uses ``name``, ``type``, ``selectableValues`` and ``mandatory``,
``min``, ``max`` and ``regex`` of ``validation``; it stores and returns the others.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jsonschema_rs import Draft202012Validator

from sandbox.api_description import MOMENT, TEXT, UUID_TEXT, nullable, object_schema, open_object_schema
from sandbox.web.biot_errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.api_description import Schema

ATTRIBUTE_TYPES = (
    "LABEL",
    "PARAGRAPH",
    "INTEGER",
    "DECIMAL",
    "BOOLEAN",
    "SINGLE_SELECT",
    "MULTI_SELECT",
    "ADDRESS",
    "NAME",
    "PHONE",
    "EMAIL",
    "DATE_TIME",
    "DATE",
    "REFERENCE",
    "TIMEZONE",
    "LOCALE",
    "FILE",
    "IMAGE",
    "LINK",
    "WAVEFORM",
)
_NAME: Schema = {"type": "string", "pattern": "^[a-zA-Z][a-zA-Z0-9_]{0,35}$"}
_SHORT_TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 36}
_VALIDATION = open_object_schema(
    {
        "mandatory": {"type": "boolean"},
        "min": {"type": ["number", "null"]},
        "max": {"type": ["number", "null"]},
        "regex": {"type": ["string", "null"], "maxLength": 200},
    },
    optional=["min", "max", "regex"],
)
_CUSTOM_ATTRIBUTE = open_object_schema(
    {
        "name": _NAME,
        "displayName": _SHORT_TEXT,
        "type": {"enum": list(ATTRIBUTE_TYPES)},
        "category": TEXT,
        "validation": nullable(_VALIDATION),
        "selectableValues": nullable(
            {"type": "array", "items": open_object_schema({"name": _NAME, "displayName": TEXT}), "maxItems": 1000}
        ),
    },
    optional=["validation", "selectableValues"],
)
REQUEST: Schema = object_schema(
    {
        "name": _NAME,
        "displayName": {"type": "string", "minLength": 1, "maxLength": 64},
        "entityType": TEXT,
        "description": nullable(TEXT),
        "ownerOrganizationId": nullable(UUID_TEXT),
        "parentTemplateId": nullable(UUID_TEXT),
        "analyticsDbConfiguration": {"type": ["object", "null"]},
        "customAttributes": nullable({"type": "array", "items": _CUSTOM_ATTRIBUTE, "maxItems": 1000}),
        "builtInAttributes": {"type": ["array", "null"]},
        "templateAttributes": {"type": ["array", "null"]},
    },
    optional=[
        "description",
        "ownerOrganizationId",
        "parentTemplateId",
        "analyticsDbConfiguration",
        "customAttributes",
        "builtInAttributes",
        "templateAttributes",
    ],
)
RESPONSE: Schema = open_object_schema(
    {
        "id": UUID_TEXT,
        "name": TEXT,
        "displayName": TEXT,
        "entityTypeName": TEXT,
        "removable": {"type": "boolean"},
        "creationTime": MOMENT,
        "lastModifiedTime": MOMENT,
        "customAttributes": {"type": "array"},
        "parentTemplate": object_schema({"id": UUID_TEXT, "name": TEXT, "displayName": TEXT}),
        "parentTemplateId": UUID_TEXT,
    },
    optional=["parentTemplate", "parentTemplateId"],
)


def check_request(body: Mapping[str, object]) -> None:
    """Check the body of a creation.

    Raises:
        ApiError: 400 (the specification has no code for it), with the first problem.
    """
    for problem in _validator().iter_errors(body):
        place = ".".join(map(str, problem.instance_path)) or "The body"
        message = f"{place} is not valid for a template."
        raise bad_request(message)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(REQUEST, validate_formats=True)
