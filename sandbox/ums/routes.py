"""UMS as the local BioT serves it (BioT OpenAPI specification 2.4.2, ums)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.bodies import json_body, optional_text_of, text_of
from sandbox.errors import bad_request
from sandbox.state import state_of
from sandbox.ums import sessions
from sandbox.ums.access import require
from sandbox.ums.accounts import EXTERNAL_SERVICE, INTERNAL_SERVICE, TOKEN_MINUTES, ServiceUserDraft
from sandbox.ums.accounts import add_secret_key as make_secret_key
from sandbox.ums.accounts import add_service_user as make_service_user
from sandbox.ums.permissions import MFA_LOGIN, PUBLISHER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from sandbox.state import State
    from sandbox.ums.accounts import SecretKey, ServiceUser

_NAME_MAX = 100
_MINUTES_MAX = 525_600
"""A year. The kit's choice, so that an expiration can always be written."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def routes() -> list[Route]:
    """Everything below ``/ums``."""
    return [
        Route("/ums/v2/users/login", log_in, methods=["POST"]),
        Route("/ums/v2/users/login/mfa", log_in_mfa, methods=["POST"]),
        Route("/ums/v2/users/token/refresh", refresh, methods=["POST"]),
        Route("/ums/v2/users/logout", log_out, methods=["POST"]),
        Route("/ums/v2/services/accessToken", service_access_token, methods=["POST"]),
        Route("/ums/v2/services", create_service, methods=["POST"]),
        Route("/ums/v2/services/{id}/secret-keys", create_secret_key, methods=["POST"]),
        Route("/ums/v1/security/public-key", public_key, methods=["GET"]),
    ]


async def log_in(request: Request) -> Response:
    """``POST /ums/v2/users/login``: public."""
    body = await json_body(request)
    username, password = text_of(body, "username"), optional_text_of(body, "password")
    return JSONResponse(await run_in_threadpool(sessions.log_in, state_of(request), username, password))


async def log_in_mfa(request: Request) -> Response:
    """``POST /ums/v2/users/login/mfa``: with the token of the first step."""
    user = await run_in_threadpool(require, request, MFA_LOGIN)
    code = optional_text_of(await json_body(request), "code")
    return JSONResponse(await run_in_threadpool(sessions.finish_mfa, state_of(request), user.id, code))


async def refresh(request: Request) -> Response:
    """``POST /ums/v2/users/token/refresh``: public."""
    token = text_of(await json_body(request), "refreshToken")
    return JSONResponse(await run_in_threadpool(sessions.prolong, state_of(request), token))


async def log_out(request: Request) -> Response:
    """``POST /ums/v2/users/logout``: public."""
    token = text_of(await json_body(request), "refreshToken")
    await run_in_threadpool(sessions.log_out, state_of(request), token)
    return Response(status_code=200)


async def service_access_token(request: Request) -> Response:
    """``POST /ums/v2/services/accessToken``: public."""
    body = await json_body(request)
    identifier, secret = text_of(body, "id"), text_of(body, "secretKey")
    return JSONResponse(await run_in_threadpool(sessions.service_token, state_of(request), identifier, secret))


def public_key(request: Request) -> Response:
    """``GET /ums/v1/security/public-key``: public."""
    return JSONResponse(state_of(request).keys.public())


async def create_service(request: Request) -> Response:
    """``POST /ums/v2/services``. A local BioT has one role, so ``roleId`` is taken as given and means "may publish"."""
    await run_in_threadpool(require, request, "UMS_SERVICES_CREATE_SERVICE_USER")
    body = await json_body(request)
    draft = _draft(body)
    made = await run_in_threadpool(_make_service, state_of(request), draft)
    answer = {
        "active": True,
        "roleId": text_of(body, "roleId"),
        "type": draft.type,
        "name": draft.name,
        "accessTokenExpirationInMinutes": draft.token_minutes,
        "id": made.id,
        "secretKeyData": _key_body(made.key),
    }
    return JSONResponse(answer, status_code=201)


async def create_secret_key(request: Request) -> Response:
    """``POST /ums/v2/services/{id}/secret-keys``."""
    await run_in_threadpool(require, request, "UMS_USERS_CREATE_SECRET_KEY_BY_SERVICE_USER_ID")
    key = await run_in_threadpool(_make_key, state_of(request), request.path_params["id"])
    return JSONResponse(_key_body(key), status_code=201)


def _make_service(state: State, draft: ServiceUserDraft) -> ServiceUser:
    with state.database.write() as connection:
        return make_service_user(connection, draft)


def _make_key(state: State, identifier: str) -> SecretKey:
    with state.database.write() as connection:
        return make_secret_key(connection, identifier)


def _draft(body: Mapping[str, object]) -> ServiceUserDraft:
    kind, role = text_of(body, "type"), text_of(body, "roleId")
    if kind not in {INTERNAL_SERVICE, EXTERNAL_SERVICE}:
        message = f"type is {INTERNAL_SERVICE} or {EXTERNAL_SERVICE}."
        raise bad_request(message, "SERVICE_TYPE_NOT_ALLOWED")
    if not _UUID.fullmatch(role):
        message = "roleId is not a UUID."
        raise bad_request(message)
    name = optional_text_of(body, "name") or f"service-{uuid4()}"
    if len(name) > _NAME_MAX:
        msg = f"name is longer than {_NAME_MAX} characters."
        raise bad_request(msg)
    minutes = body.get("accessTokenExpirationInMinutes")
    if minutes is None:
        minutes = TOKEN_MINUTES
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= _MINUTES_MAX:
        msg = f"accessTokenExpirationInMinutes is a number from 1 to {_MINUTES_MAX}."
        raise bad_request(msg)
    return ServiceUserDraft(name=name, scopes=PUBLISHER, type=kind, token_minutes=minutes)


def _key_body(key: SecretKey) -> dict[str, str]:
    return {"id": key.id, "creationTime": key.creation_time, "secretKey": key.secret}
