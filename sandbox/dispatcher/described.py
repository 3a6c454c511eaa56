"""The dispatcher's operations, for ``/openapi.json``; codes as in BioT OpenAPI specification 2.4.2."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from builder.platform.catalog import ACTIONS, ADAPTABLE_ENTITY_TYPES, ENTITY_TYPES
from builder.platform.limits import INTEGER_MAX
from sandbox.catalog import API_IDS
from sandbox.describing import ANY_TEXT, MOMENT, TEXT, Operation, nullable, open_record, page_of, record
from sandbox.dispatcher.requests import ADAPT_ENTITY, TYPES
from sandbox.dispatcher.routes import INTERCEPTIONS, NOTIFICATIONS

if TYPE_CHECKING:
    from sandbox.describing import Schema

_HOOKS = "/dispatcher/v1/hooks"
_ENTITY_400 = "INVALID_ENTITY_TYPE_NAME"
_ENDPOINT: Schema = {**TEXT, "pattern": "^[^\\x00]+$"}
_TEMPLATE = nullable({"type": "string", "pattern": "^[^\\x00]*$"})


@cache
def operations() -> tuple[Operation, ...]:
    """Everything below ``/dispatcher``."""
    return (*_notifications(), *_interceptions())


def _notifications() -> tuple[Operation, ...]:
    body = open_record(
        {
            "entityTypeName": {"enum": list(ENTITY_TYPES)},
            "actionName": {"enum": list(ACTIONS)},
            "endpoint": _ENDPOINT,
            "templateName": _TEMPLATE,
        },
        optional=["templateName"],
    )
    kept = record(dict.fromkeys(("id", "entityTypeName", "actionName", "endpoint"), TEXT) | {"templateName": _TEMPLATE})
    refused = {400: ("INVALID_ACTION_NAME", _ENTITY_400)}
    return (
        Operation(
            method="get",
            path=f"{_HOOKS}/notifications",
            name="searchNotifications",
            summary="Who is told of what.",
            permission="DISPATCHER_SUBSCRIPTIONS_SEARCH",
            search=NOTIFICATIONS,
            answer=page_of(kept),
        ),
        Operation(
            method="post",
            path=f"{_HOOKS}/notifications/subscribe",
            name="subscribeNotification",
            summary="Tell an endpoint of an action.",
            permission="DISPATCHER_SUBSCRIPTIONS_SUBSCRIBE",
            body=body,
            status=201,
            answer=kept,
            errors={**refused, 409: ("CONFLICT",)},
        ),
        Operation(
            method="post",
            path=f"{_HOOKS}/notifications/unsubscribe",
            name="unsubscribeNotification",
            summary="Tell an endpoint of an action no more.",
            permission="DISPATCHER_SUBSCRIPTIONS_UNSUBSCRIBE",
            body=body,
            status=204,
            errors={**refused, 404: ("SUBSCRIBER_NOT_FOUND",)},
        ),
    )


def _interceptions() -> tuple[Operation, ...]:
    order = {"type": "integer", "minimum": 1, "maximum": INTEGER_MAX}
    filters = {"type": "object", "additionalProperties": TEXT}
    both: dict[str, Schema] = {"endpoint": _ENDPOINT, "executionOrder": nullable(order)}
    entity: dict[str, Schema] = {
        "type": {"const": ADAPT_ENTITY},
        "entityName": {"enum": list(ADAPTABLE_ENTITY_TYPES)},
    }
    optional = ["executionOrder", "pathFilters"]
    of_apis = [open_record({**kind, **both}, optional=optional) for kind in _kinds_of_apis()]
    body: Schema = {"anyOf": [*of_apis, open_record({**entity, **both}, optional=optional)]}
    kept = record(
        {
            "id": TEXT,
            "type": {"enum": list(TYPES)},
            "apiId": ANY_TEXT,
            "entityName": ANY_TEXT,
            "endpoint": TEXT,
            "pathFilters": nullable(filters),
            "executionOrder": {"type": "integer", "minimum": 1},
            "creationTime": MOMENT,
            "lastModifiedTime": MOMENT,
        }
    )
    refused = {400: ("INVALID_API_ID", _ENTITY_400)}
    return (
        Operation(
            method="get",
            path=f"{_HOOKS}/interceptions",
            name="searchInterceptionSubscriptions",
            summary="Who intercepts what, and in which order.",
            permission="HOOKS_INTERCEPTION_SEARCH",
            search=INTERCEPTIONS,
            answer=page_of(kept),
        ),
        Operation(
            method="post",
            path=f"{_HOOKS}/interceptions/subscribe",
            name="subscribeInterception",
            summary="Let an endpoint intercept an API or an entity.",
            permission="HOOKS_INTERCEPTION_CREATE",
            body=body,
            status=201,
            answer=kept,
            errors=refused,
        ),
        Operation(
            method="post",
            path=f"{_HOOKS}/interceptions/unsubscribe",
            name="unsubscribeInterception",
            summary="Let an endpoint intercept no more.",
            permission="HOOKS_INTERCEPTION_DELETE",
            body=body,
            status=204,
            errors=refused,
        ),
    )


def _kinds_of_apis() -> list[dict[str, Schema]]:
    """APIs by the parameters of their paths: only those can be filtered by."""
    kinds: dict[tuple[str, ...], list[str]] = {}
    for api_id in API_IDS:
        kinds.setdefault(tuple(re.findall(r"\{(\w+)\}", api_id)), []).append(api_id)
    return [
        {
            "type": {"enum": [kind for kind in TYPES if kind != ADAPT_ENTITY]},
            "apiId": {"enum": api_ids},
            "pathFilters": nullable(record(dict.fromkeys(parameters, TEXT), optional=parameters)),
        }
        for parameters, api_ids in kinds.items()
    ]
