"""The dispatcher's operations, for ``/openapi.json``; codes as in BioT OpenAPI specification 2.4.2."""

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
"""Of the two names of an interception the one that does not apply."""


def _kinds_of_apis() -> list[dict[str, Schema]]:
    """APIs by the parameters of their paths: only those can be filtered by."""
    kinds: dict[tuple[str, ...], list[str]] = {}
    for api_id in API_IDS:
        kinds.setdefault(tuple(re.findall(r"\{(\w+)\}", api_id)), []).append(api_id)
    return [
        {
            "type": {"enum": [kind for kind in TYPES if kind != ADAPT_ENTITY]},
            "apiId": {"enum": api_ids},
            "entityName": _UNUSED_NAME,
            "pathFilters": nullable(object_schema(dict.fromkeys(parameters, TEXT), optional=parameters)),
        }
        for parameters, api_ids in kinds.items()
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
_KEPT_NOTIFICATION = object_schema(
    dict.fromkeys(("id", "entityTypeName", "actionName", "endpoint", "templateName"), TEXT), optional=["templateName"]
)
_REFUSED_NOTIFICATION = {400: ("INVALID_ACTION_NAME", _ENTITY_400)}
_NOTIFICATIONS = (
    Operation(
        method="get",
        path=f"{_HOOKS}/notifications",
        name="searchSubscriptions",
        summary="Who is told of what.",
        permission="DISPATCHER_SUBSCRIPTIONS_SEARCH",
        search=NOTIFICATIONS,
        answer=page_of(_KEPT_NOTIFICATION),
    ),
    Operation(
        method="post",
        path=f"{_HOOKS}/notifications/subscribe",
        name="subscribe",
        summary="Tell an endpoint of an action.",
        permission="DISPATCHER_SUBSCRIPTIONS_SUBSCRIBE",
        body=_NOTIFICATION,
        status=201,
        answer=_KEPT_NOTIFICATION,
        errors={**_REFUSED_NOTIFICATION, 409: ("CONFLICT",)},
    ),
    Operation(
        method="post",
        path=f"{_HOOKS}/notifications/unsubscribe",
        name="unsubscribe",
        summary="Tell an endpoint of an action no more.",
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
_OF_APIS = [open_object_schema({**kind, **_BOTH}, optional=[*_OPTIONAL, "entityName"]) for kind in _kinds_of_apis()]
_INTERCEPTION: Schema = {"anyOf": [*_OF_APIS, open_object_schema({**_ENTITY, **_BOTH}, optional=[*_OPTIONAL, "apiId"])]}
_KEPT_INTERCEPTION = object_schema(
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
_REFUSED_INTERCEPTION = {400: ("INVALID_API_ID", _ENTITY_400)}
_INTERCEPTIONS = (
    Operation(
        method="get",
        path=f"{_HOOKS}/interceptions",
        name="searchInterceptions",
        summary="Who intercepts what, and in which order.",
        permission="HOOKS_INTERCEPTION_SEARCH",
        search=INTERCEPTIONS,
        answer=page_of(_KEPT_INTERCEPTION),
    ),
    Operation(
        method="post",
        path=f"{_HOOKS}/interceptions/subscribe",
        name="createInterception",
        summary="Let an endpoint intercept an API or an entity.",
        permission="HOOKS_INTERCEPTION_CREATE",
        body=_INTERCEPTION,
        status=201,
        answer=_KEPT_INTERCEPTION,
        errors=_REFUSED_INTERCEPTION,
    ),
    Operation(
        method="post",
        path=f"{_HOOKS}/interceptions/unsubscribe",
        name="deleteInterception",
        summary="Let an endpoint intercept no more.",
        permission="HOOKS_INTERCEPTION_DELETE",
        body=_INTERCEPTION,
        status=204,
    ),
    Operation(
        method="get",
        path="/dispatcher/system/healthCheck",
        name="dispatcherHealthCheck",
        summary="Whether the service answers.",
        answer=HEALTH,
    ),
)

OPERATIONS = (*_NOTIFICATIONS, *_INTERCEPTIONS)
"""Everything below ``/dispatcher``."""
