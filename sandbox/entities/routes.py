"""The routes for entities (BioT OpenAPI specification 2.4.2, organization service)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from builder.platform.entity_apis import ENTITY_APIS
from sandbox.clock import iso
from sandbox.entities import operations, searching, state_changes
from sandbox.entities.entity_calls import note_change
from sandbox.entities.entity_request import EntityRequest
from sandbox.entities.entity_store import EntityStore
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.instance_state import state_of
from sandbox.ums.permissions import PROTECTED_API
from sandbox.web.authorization import require_permission
from sandbox.web.biot_errors import bad_request
from sandbox.web.request_body import json_body, uuid_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from builder.platform.entity_apis import EntityApi, Operation
    from sandbox.entities.entity_calls import EntityChange

_DEPTH_MAX = 50
"""How deep a body may be nested. The kit's choice: SQLite's JSON functions have a limit, too."""
_READS: Mapping[Operation, Callable[[EntityStore, EntityRequest], Mapping[str, object]]] = {
    "get": operations.get,
    "get_self": operations.get_self,
}
_CHANGES: Mapping[Operation, Callable[[EntityStore, EntityRequest], EntityChange]] = {
    "create": operations.create,
    "create_by_template": operations.create,
    "start": operations.create,
    "start_by_template": operations.create,
    "update": operations.update,
    "delete": operations.delete,
    "set_enabled_state": state_changes.set_enabled_state,
    "change_admin": state_changes.change_admin,
    "update_status": state_changes.update_status,
    "pause": state_changes.control_session,
    "resume": state_changes.control_session,
}
WITH_BODY = {"create", "create_by_template", "start", "start_by_template", "update", "update_status"}
"""The operations that have a body."""
WITH_REFERENCERS = {"search", "get", "get_self", "create", "create_by_template", "update"}
"""The operations with the query parameter ``includeReferencers``, which is checked and has no effect."""


def routes() -> list[Route]:
    """Return the routes, those with fewer parameters first: ``/patients/self`` is not the patient ``self``."""
    ordered = sorted(ENTITY_APIS, key=lambda api: api.path.count("{"))
    return [Route(api.path, partial(_handle, api), methods=[api.method]) for api in ordered]


def permission_of(api: EntityApi) -> str:
    """Return the permission that an API needs: what a caller may see beyond it depends on rules not modelled here."""
    return "ORGANIZATION_CHANGE_ADMIN" if api.operation == "change_admin" else PROTECTED_API


async def _handle(api: EntityApi, request: Request) -> Response:
    caller = await run_in_threadpool(require_permission, request, permission_of(api))
    state = state_of(request)
    if api.operation == "search":
        _check_query(request, "searchRequest", "includeReferencers")
        text, name = request.query_params.get("searchRequest"), request.path_params.get("templateName")
        page = await run_in_threadpool(searching.search_entities, state.database, api.entity_type_name, text, name)
        return Response(page, media_type="application/json")
    _check_query(request, *(["includeReferencers"] if api.operation in WITH_REFERENCERS else []))
    entity_request = EntityRequest(
        api=api,
        path_parameters=_path_parameters(api, request),
        body=await _body(request) if api.operation in WITH_BODY else {},
        caller_id=caller.id,
        now=iso(state.clock.now()),
    )
    return await run_in_threadpool(_run, request, entity_request)


def _run(request: Request, entity_request: EntityRequest) -> Response:
    api, database = entity_request.api, state_of(request).database
    if api.operation in _READS:
        with database.read() as connection:
            return JSONResponse(_READS[api.operation](EntityStore(connection), entity_request))
    with database.write() as connection:
        change = _change(api)(EntityStore(connection), entity_request)
    if change.action:
        note_change(request.scope, change)
    return Response(status_code=204) if api.operation == "delete" else JSONResponse(change.entity, success_of(api))


def success_of(api: EntityApi) -> int:
    """Return the status of a successful response."""
    if api.operation in {"create", "create_by_template", "start", "start_by_template"}:
        return 201
    return 204 if api.operation == "delete" else 200


def _change(api: EntityApi) -> Callable[[EntityStore, EntityRequest], EntityChange]:
    if api.operation == "stop":
        return state_changes.stop_command if api.entity_type_name == "command" else state_changes.control_session
    return _CHANGES[api.operation]


def _check_query(request: Request, *names: str) -> None:
    """Refuse unknown parameters: to ignore a misspelt one would be a surprise."""
    given = request.query_params
    if not given.keys() <= set(names) or given.get("includeReferencers", "true") not in {"true", "false"}:
        message = f"The query parameters are {', '.join(names) or 'none'}, and includeReferencers is true or false."
        raise bad_request(message)


def _path_parameters(api: EntityApi, request: Request) -> Mapping[str, str]:
    parameters = dict(request.path_params)
    names = {"newAdminId"} if ENTITY_TYPES[api.entity_type_name].own_ids else {"id", "newAdminId"}
    return {name: uuid_text(value, name) if name in names else value for name, value in parameters.items()}


async def _body(request: Request) -> Mapping[str, object]:
    body = await json_body(request)
    if _depth(body) > _DEPTH_MAX:
        message = f"The body must be nested at most {_DEPTH_MAX} levels deep."
        raise bad_request(message)
    return body


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0
