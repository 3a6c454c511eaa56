"""The routes for service users and their keys (BioT OpenAPI specification 2.4.2, ums)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.instance_state import state_of
from sandbox.search.search_query import run_search, search_request_of
from sandbox.ums import service_users, sessions
from sandbox.ums.accounts import EXTERNAL_SERVICE, INTERNAL_SERVICE, ORGANIZATION, TOKEN_MINUTES, ServiceUserDraft
from sandbox.ums.accounts import add_secret_key as make_secret_key
from sandbox.ums.accounts import add_service_user as make_service_user
from sandbox.ums.permissions import PUBLISHER
from sandbox.ums.service_users import SERVICE_USERS, ServiceUserChange, service_user_body
from sandbox.web.authorization import require_permission
from sandbox.web.biot_errors import ApiError, bad_request
from sandbox.web.request_body import json_body, optional_flag_of, optional_text_of, text_of, uuid_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from sandbox.instance_state import InstanceState
    from sandbox.ums.accounts import SecretKey, ServiceUser

_NAME_MAX = 100
_MINUTES_MAX = 525_600
"""A year. The kit's choice, so that every expiration is a valid date."""


def routes() -> list[Route]:
    """Return the routes below ``/ums/v2/services``."""
    services, service_user = "/ums/v2/services", "/ums/v2/services/{id}"
    return [
        Route(f"{services}/accessToken", service_access_token, methods=["POST"]),
        Route(services, search_services, methods=["GET"]),
        Route(services, create_service, methods=["POST"]),
        Route(service_user, get_service, methods=["GET"]),
        Route(service_user, update_service, methods=["PATCH"]),
        Route(service_user, delete_service, methods=["DELETE"]),
        Route(f"{service_user}/secret-keys", create_secret_key, methods=["POST"]),
        Route(f"{service_user}/secret-keys/{{secretKeyId}}", delete_secret_key, methods=["DELETE"]),
    ]


async def service_access_token(request: Request) -> Response:
    """``POST /ums/v2/services/accessToken``: public."""
    body = await json_body(request)
    identifier, secret = text_of(body, "id"), text_of(body, "secretKey")
    return JSONResponse(await run_in_threadpool(sessions.service_token, state_of(request), identifier, secret))


def search_services(request: Request) -> Response:
    """``GET /ums/v2/services``."""
    require_permission(request, "UMS_USERS_SEARCH_SERVICE_USERS")
    text = search_request_of(request.query_params)
    body = run_search(state_of(request).database, SERVICE_USERS, text, lambda row: json.dumps(service_user_body(row)))
    return Response(body, media_type="application/json")


async def create_service(request: Request) -> Response:
    """``POST /ums/v2/services``. A local BioT has no roles: with any ``roleId``, the service user may publish."""
    await run_in_threadpool(require_permission, request, "UMS_SERVICES_CREATE_SERVICE_USER")
    draft = _draft(await json_body(request))
    service_user = await run_in_threadpool(_create_service, state_of(request), draft)
    answer = {
        "active": draft.active,
        "roleId": draft.role_id,
        "type": draft.type,
        "ownerOrganizationId": ORGANIZATION,
        "name": draft.name,
        "accessTokenExpirationInMinutes": draft.token_minutes,
        "id": service_user.id,
        "secretKeyData": _key_body(service_user.key),
    }
    return JSONResponse(answer, status_code=201)


def get_service(request: Request) -> Response:
    """``GET /ums/v2/services/{id}``."""
    require_permission(request, "UMS_USERS_GET_SERVICE_USER_BY_ID")
    identifier = uuid_text(request.path_params["id"], "id")
    with state_of(request).database.read() as connection:
        row = service_users.find_service_user(connection, identifier)
    return JSONResponse(service_user_body(row))


async def update_service(request: Request) -> Response:
    """``PATCH /ums/v2/services/{id}``: a field that is null or not sent stays."""
    await run_in_threadpool(require_permission, request, "UMS_SERVICES_UPDATE_SERVICE_USER")
    identifier, body = uuid_text(request.path_params["id"], "id"), await json_body(request)
    role = optional_text_of(body, "roleId")
    change = ServiceUserChange(
        active=optional_flag_of(body, "active"),
        role_id=uuid_text(role, "roleId") if body.get("roleId") is not None else None,
    )
    return JSONResponse(await run_in_threadpool(_change_service, state_of(request), identifier, change))


def delete_service(request: Request) -> Response:
    """``DELETE /ums/v2/services/{id}``."""
    require_permission(request, "UMS_SERVICES_DELETE_SERVICE_USER")
    identifier = uuid_text(request.path_params["id"], "id")
    with state_of(request).database.write() as connection:
        service_users.remove_service_user(connection, identifier)
    return Response(status_code=204)


def create_secret_key(request: Request) -> Response:
    """``POST /ums/v2/services/{id}/secret-keys``."""
    require_permission(request, "UMS_USERS_CREATE_SECRET_KEY_BY_SERVICE_USER_ID")
    identifier = uuid_text(request.path_params["id"], "id")
    with state_of(request).database.write() as connection:
        key = make_secret_key(connection, identifier)
    return JSONResponse(_key_body(key), status_code=201)


def delete_secret_key(request: Request) -> Response:
    """``DELETE /ums/v2/services/{id}/secret-keys/{secretKeyId}``."""
    require_permission(request, "UMS_USERS_DELETE_SECRET_KEY_BY_ID")
    identifier, key = (uuid_text(request.path_params[name], name) for name in ("id", "secretKeyId"))
    with state_of(request).database.write() as connection:
        service_users.remove_secret_key(connection, identifier, key)
    return Response(status_code=204)


def _create_service(state: InstanceState, draft: ServiceUserDraft) -> ServiceUser:
    with state.database.write() as connection:
        return make_service_user(connection, draft)


def _change_service(state: InstanceState, identifier: str, change: ServiceUserChange) -> dict[str, object]:
    with state.database.write() as connection:
        return service_user_body(service_users.change_service_user(connection, identifier, change))


def _draft(body: Mapping[str, object]) -> ServiceUserDraft:
    if missing := [key for key in ("roleId", "type") if body.get(key) is None or body[key] == ""]:
        message = f"{' and '.join(missing)} must not be missing or empty."
        raise bad_request(message, "MISSING_PARAMETERS", {"parameters": missing})
    kind, role = text_of(body, "type"), uuid_text(text_of(body, "roleId"), "roleId")
    if kind not in {INTERNAL_SERVICE, EXTERNAL_SERVICE}:
        message = f"type must be {INTERNAL_SERVICE} or {EXTERNAL_SERVICE}."
        raise bad_request(message, "SERVICE_TYPE_NOT_ALLOWED", {"attributeName": "type", "value": kind})
    name = optional_text_of(body, "name") or f"service-{uuid4()}"
    if len(name) > _NAME_MAX:
        msg = f"name must have at most {_NAME_MAX} characters."
        raise bad_request(msg)
    _check_owner(body)
    active = optional_flag_of(body, "active")
    return ServiceUserDraft(
        name=name,
        scopes=PUBLISHER,
        type=kind,
        token_minutes=_minutes(body),
        role_id=role,
        active=active is not False,
    )


def _minutes(body: Mapping[str, object]) -> int:
    minutes = body.get("accessTokenExpirationInMinutes")
    if minutes is None:
        return TOKEN_MINUTES
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= _MINUTES_MAX:
        msg = f"accessTokenExpirationInMinutes must be a whole number from 1 to {_MINUTES_MAX}."
        raise bad_request(msg)
    return minutes


def _check_owner(body: Mapping[str, object]) -> None:
    """Check the organization. A local BioT has only one, which is also the default."""
    if body.get("ownerOrganizationId") is None:
        return
    owner = uuid_text(optional_text_of(body, "ownerOrganizationId"), "ownerOrganizationId")
    if owner != ORGANIZATION:
        message = "There is no organization with this id."
        raise ApiError(404, "OWNER_ORGANIZATION_NOT_FOUND", message, {"id": owner})


def _key_body(key: SecretKey) -> dict[str, str]:
    return {"id": key.id, "creationTime": key.creation_time, "secretKey": key.secret}
