"""The routes of the dispatcher (BioT OpenAPI specification 2.4.2, dispatcher)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.dispatcher import subscription_table
from sandbox.dispatcher.subscription_requests import interception_of, notification_of, plain_bad_request
from sandbox.instance_state import health_of, state_of
from sandbox.search.filters import SearchProperty
from sandbox.search.search_query import SearchableList, run_search, search_request_of
from sandbox.web.authorization import require_permission
from sandbox.web.request_body import json_body, text_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

S = TypeVar("S")
"""A kind of subscription."""
R = TypeVar("R")
"""The result of an operation on it."""

NOTIFICATIONS = SearchableList(
    source="dispatcher_notification",
    columns="*",
    props={
        "id": SearchProperty(column="id"),
        "actionName": SearchProperty(column="action_name"),
        "entityTypeName": SearchProperty(column="entity_type_name"),
        "endpoint": SearchProperty(column="endpoint"),
        "templateName": SearchProperty(column="nullif(template_name, '')"),
    },
    sortable=frozenset({"actionName", "entityTypeName"}),
    default_sort="rowid DESC",
    key="id",
)
INTERCEPTIONS = SearchableList(
    source="dispatcher_interception",
    columns="*",
    props={
        "id": SearchProperty(column="id"),
        "type": SearchProperty(column="type"),
        "apiId": SearchProperty(column="nullif(api_id, '')"),
        "entityName": SearchProperty(column="nullif(entity_name, '')"),
        "endpoint": SearchProperty(column="endpoint"),
        "executionOrder": SearchProperty(column="execution_order", kind="number"),
        "creationTime": SearchProperty(column="creation_time", kind="time"),
        "lastModifiedTime": SearchProperty(column="last_modified_time", kind="time"),
    },
    sortable=frozenset({"type", "apiId", "entityName", "executionOrder", "creationTime", "lastModifiedTime"}),
    default_sort="creation_time DESC",
    key="id",
)
"""The specification does not list the filters for this list: here, every property with a single value is one."""

_HOOKS = "/dispatcher/v1/hooks"


def routes() -> list[Route]:
    """Return the routes below ``/dispatcher``."""
    return [
        Route(f"{_HOOKS}/notifications", search_notifications, methods=["GET"]),
        Route(f"{_HOOKS}/notifications/subscribe", subscribe_notification, methods=["POST"]),
        Route(f"{_HOOKS}/notifications/unsubscribe", unsubscribe_notification, methods=["POST"]),
        Route(f"{_HOOKS}/interceptions", search_interceptions, methods=["GET"]),
        Route(f"{_HOOKS}/interceptions/subscribe", subscribe_interception, methods=["POST"]),
        Route(f"{_HOOKS}/interceptions/unsubscribe", unsubscribe_interception, methods=["POST"]),
        Route("/dispatcher/system/healthCheck", health_check, methods=["GET"]),
    ]


def search_notifications(request: Request) -> Response:
    """``GET /dispatcher/v1/hooks/notifications``."""
    require_permission(request, "DISPATCHER_SUBSCRIPTIONS_SEARCH")
    return _search(request, NOTIFICATIONS, _notification_body)


async def subscribe_notification(request: Request) -> Response:
    """``POST /dispatcher/v1/hooks/notifications/subscribe``."""
    await run_in_threadpool(require_permission, request, "DISPATCHER_SUBSCRIPTIONS_SUBSCRIBE")
    body = await json_body(request)
    subscription, endpoint = notification_of(body), text_of(body, "endpoint")
    row = await _write(request, subscription_table.subscribe_notification, endpoint, subscription)
    return JSONResponse(_notification_body(row), status_code=201)


async def unsubscribe_notification(request: Request) -> Response:
    """``POST /dispatcher/v1/hooks/notifications/unsubscribe``."""
    await run_in_threadpool(require_permission, request, "DISPATCHER_SUBSCRIPTIONS_UNSUBSCRIBE")
    body = await json_body(request)
    with plain_bad_request():
        subscription = notification_of(body)
    endpoint = text_of(body, "endpoint")
    await _write(request, subscription_table.unsubscribe_notification, endpoint, subscription)
    return Response(status_code=204)


def search_interceptions(request: Request) -> Response:
    """``GET /dispatcher/v1/hooks/interceptions``."""
    require_permission(request, "HOOKS_INTERCEPTION_SEARCH")
    return _search(request, INTERCEPTIONS, _interception_body)


async def subscribe_interception(request: Request) -> Response:
    """``POST /dispatcher/v1/hooks/interceptions/subscribe``."""
    await run_in_threadpool(require_permission, request, "HOOKS_INTERCEPTION_CREATE")
    body = await json_body(request)
    subscription, endpoint = interception_of(body), text_of(body, "endpoint")
    row = await _write(request, subscription_table.subscribe_interception, endpoint, subscription)
    return JSONResponse(_interception_body(row), status_code=201)


async def unsubscribe_interception(request: Request) -> Response:
    """``POST /dispatcher/v1/hooks/interceptions/unsubscribe``: the specification has no 404 for a missing one."""
    await run_in_threadpool(require_permission, request, "HOOKS_INTERCEPTION_DELETE")
    body = await json_body(request)
    with plain_bad_request():
        subscription = interception_of(body)
    endpoint = text_of(body, "endpoint")
    await _write(request, subscription_table.unsubscribe_interception, endpoint, subscription)
    return Response(status_code=204)


def health_check(request: Request) -> Response:
    """``GET /dispatcher/system/healthCheck``: public."""
    return JSONResponse(health_of(state_of(request)))


def _search(
    request: Request, searchable: SearchableList, describe: Callable[[sqlite3.Row], Mapping[str, object]]
) -> Response:
    text = search_request_of(request.query_params)
    body = run_search(state_of(request).database, searchable, text, lambda row: json.dumps(describe(row)))
    return Response(body, media_type="application/json")


async def _write(
    request: Request, operation: Callable[[sqlite3.Connection, str, S], R], endpoint: str, subscription: S
) -> R:
    """Run an operation on a subscription in a transaction of its own."""
    database = state_of(request).database

    def run() -> R:
        with database.write() as connection:
            return operation(connection, endpoint, subscription)

    return await run_in_threadpool(run)


def _notification_body(row: sqlite3.Row) -> dict[str, object]:
    body = {
        "id": row["id"],
        "entityTypeName": row["entity_type_name"],
        "actionName": row["action_name"],
        "endpoint": row["endpoint"],
    }
    return body | ({"templateName": row["template_name"]} if row["template_name"] else {})


def _interception_body(row: sqlite3.Row) -> dict[str, object]:
    """Return an interception. BioT's own client requires both names as texts; the one that does not apply is empty."""
    filters = json.loads(row["path_filters"])
    body = {
        "id": row["id"],
        "type": row["type"],
        "apiId": row["api_id"],
        "entityName": row["entity_name"],
        "endpoint": row["endpoint"],
        "executionOrder": row["execution_order"],
        "creationTime": row["creation_time"],
        "lastModifiedTime": row["last_modified_time"],
    }
    return body | ({"pathFilters": filters} if filters else {})
