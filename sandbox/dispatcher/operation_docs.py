"""The dispatcher's operations for ``/openapi.json``, with the codes of BioT OpenAPI specification 2.4.2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.platform.api_catalog import ACTIONS, ADAPTABLE_ENTITY_TYPES, ENTITY_TYPES
from builder.platform.interceptions import API_IDS
from builder.platform.limits import INTEGER_MAX
from sandbox.api_description import (
    ANY_TEXT,
    HEALTH,
    MOMENT,
    TEXT,
    Operation,
    nullable,
    object_schema,
    open_object_schema,
    page_of,
)
from sandbox.dispatcher.routes import INTERCEPTIONS, NOTIFICATIONS
from sandbox.dispatcher.subscription_requests import ADAPT_ENTITY, TYPES

if TYPE_CHECKING:
    from sandbox.api_description import Schema

_HOOKS = "/dispatcher/v1/hooks"
_ENTITY_400 = "INVALID_ENTITY_TYPE_NAME"
_ENDPOINT: Schema = {**TEXT, "pattern": "^[^\\x00]+$"}
_TEMPLATE = nullable({"type": "string", "pattern": "^[^\\x00]*$"})
_UNUSED_NAME = _TEMPLATE
"""The one of an interception's two names that does not apply to its type."""


def _apis_by_parameters() -> list[dict[str, Schema]]:
    """Group the APIs by their path parameters, because only those can be filtered by."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for api_id in API_IDS:
        groups.setdefault(tuple(re.findall(r"\{(\w+)\}", api_id)), []).append(api_id)
    return [
        {
            "type": {"enum": [kind for kind in TYPES if kind != ADAPT_ENTITY]},
            "apiId": {"enum": api_ids},
            "entityName": _UNUSED_NAME,
            "pathFilters": nullable(object_schema(dict.fromkeys(parameters, TEXT), optional=parameters)),
        }
        for parameters, api_ids in groups.items()
    ]


_NOTIFICATION = open_object_schema(
    {
        "entityTypeName": {"enum": list(ENTITY_TYPES)},
        "actionName": {"enum": list(ACTIONS)},
        "endpoint": _ENDPOINT,
        "templateName": _TEMPLATE,
    },
    optional=["templateName"],
)
_STORED_NOTIFICATION = object_schema(
    dict.fromkeys(("id", "entityTypeName", "actionName", "endpoint", "templateName"), TEXT), optional=["templateName"]
)
_NOTIFICATION_ERRORS = {400: ("INVALID_ACTION_NAME", _ENTITY_400)}
_NOTIFICATIONS = (
    Operation(
        method="get",
        path=f"{_HOOKS}/notifications",
        name="searchSubscriptions",
        summary="Search subscriptions to notifications.",
        permission="DISPATCHER_SUBSCRIPTIONS_SEARCH",
        search=NOTIFICATIONS,
        response=page_of(_STORED_NOTIFICATION),
    ),
    Operation(
        method="post",
        path=f"{_HOOKS}/notifications/subscribe",
        name="subscribe",
        summary="Notify an endpoint of an action.",
        permission="DISPATCHER_SUBSCRIPTIONS_SUBSCRIBE",
        body=_NOTIFICATION,
        status=201,
        response=_STORED_NOTIFICATION,
        errors={**_NOTIFICATION_ERRORS, 409: ("CONFLICT",)},
    ),
    Operation(
        method="post",
        path=f"{_HOOKS}/notifications/unsubscribe",
        name="unsubscribe",
        summary="Stop notifying an endpoint of an action.",
        permission="DISPATCHER_SUBSCRIPTIONS_UNSUBSCRIBE",
        body=_NOTIFICATION,
        status=204,
        errors={404: ("SUBSCRIBER_NOT_FOUND",)},
    ),
)

_ORDER = {"type": "integer", "minimum": 1, "maximum": INTEGER_MAX}
_FILTERS = {"type": "object", "additionalProperties": TEXT}
_BOTH: dict[str, Schema] = {"endpoint": _ENDPOINT, "executionOrder": nullable(_ORDER)}
_ENTITY: dict[str, Schema] = {
    "type": {"const": ADAPT_ENTITY},
    "apiId": _UNUSED_NAME,
    "entityName": {"enum": list(ADAPTABLE_ENTITY_TYPES)},
}
_OPTIONAL = ["executionOrder", "pathFilters"]
_OF_APIS = [
    open_object_schema({**kind, **_BOTH}, optional=[*_OPTIONAL, "entityName"]) for kind in _apis_by_parameters()
]
_INTERCEPTION: Schema = {"anyOf": [*_OF_APIS, open_object_schema({**_ENTITY, **_BOTH}, optional=[*_OPTIONAL, "apiId"])]}
_STORED_INTERCEPTION = object_schema(
    {
        "id": TEXT,
        "type": {"enum": list(TYPES)},
        "apiId": ANY_TEXT,
        "entityName": ANY_TEXT,
        "endpoint": TEXT,
        "pathFilters": _FILTERS,
        "executionOrder": {"type": "integer", "minimum": 1},
        "creationTime": MOMENT,
        "lastModifiedTime": MOMENT,
    },
    optional=["pathFilters"],
)
_INTERCEPTION_ERRORS = {400: ("INVALID_API_ID", _ENTITY_400)}
_INTERCEPTIONS = (
    Operation(
        method="get",
        path=f"{_HOOKS}/interceptions",
        name="searchInterceptions",
        summary="Search interceptions and their order.",
        permission="HOOKS_INTERCEPTION_SEARCH",
        search=INTERCEPTIONS,
        response=page_of(_STORED_INTERCEPTION),
    ),
    Operation(
        method="post",
        path=f"{_HOOKS}/interceptions/subscribe",
        name="createInterception",
        summary="Let an endpoint intercept an API or an entity.",
        permission="HOOKS_INTERCEPTION_CREATE",
        body=_INTERCEPTION,
        status=201,
        response=_STORED_INTERCEPTION,
        errors=_INTERCEPTION_ERRORS,
    ),
    Operation(
        method="post",
        path=f"{_HOOKS}/interceptions/unsubscribe",
        name="deleteInterception",
        summary="Stop an endpoint's interception.",
        permission="HOOKS_INTERCEPTION_DELETE",
        body=_INTERCEPTION,
        status=204,
    ),
    Operation(
        method="get",
        path="/dispatcher/system/healthCheck",
        name="dispatcherHealthCheck",
        summary="Check that the service is running.",
        response=HEALTH,
    ),
)

OPERATIONS = (*_NOTIFICATIONS, *_INTERCEPTIONS)
"""All operations below ``/dispatcher``."""
