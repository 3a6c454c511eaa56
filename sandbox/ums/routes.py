"""The routes of UMS (BioT OpenAPI specification 2.4.2, ums)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.instance_state import health_of, state_of
from sandbox.ums import one_time_codes, service_routes, sessions
from sandbox.ums.permissions import MFA_LOGIN, MFA_RESEND, READ_MESSAGES
from sandbox.web.authorization import require_permission
from sandbox.web.request_body import json_body, optional_text_of, text_of, uuid_text

if TYPE_CHECKING:
    from starlette.requests import Request


def routes() -> list[Route]:
    """Return the routes below ``/ums``, and the sandbox's replacement for phones."""
    return [
        Route("/ums/v2/users/login", log_in, methods=["POST"]),
        Route("/ums/v2/users/login/mfa", log_in_mfa, methods=["POST"]),
        Route("/ums/v2/users/token/refresh", refresh, methods=["POST"]),
        Route("/ums/v2/users/logout", log_out, methods=["POST"]),
        Route("/ums/v2/users/login/mfa/resend", resend_mfa, methods=["POST"]),
        Route("/ums/v2/users/token/login", log_in_by_token, methods=["POST"]),
        Route("/ums/v2/users/otp/generate", generate_code, methods=["POST"]),
        Route("/ums/v2/users/otp/login", log_in_by_code, methods=["POST"]),
        *service_routes.routes(),
        Route("/ums/v1/security/public-key", public_key, methods=["GET"]),
        Route("/ums/system/healthCheck", health_check, methods=["GET"]),
        Route("/sandbox/v1/messages", messages, methods=["GET"]),
    ]


async def log_in(request: Request) -> Response:
    """``POST /ums/v2/users/login``: public."""
    body = await json_body(request)
    username, password = text_of(body, "username"), optional_text_of(body, "password")
    return JSONResponse(await run_in_threadpool(sessions.log_in, state_of(request), username, password))


async def log_in_mfa(request: Request) -> Response:
    """``POST /ums/v2/users/login/mfa``: with the token of the first step."""
    user = await run_in_threadpool(require_permission, request, MFA_LOGIN)
    code = optional_text_of(await json_body(request), "code")
    return JSONResponse(await run_in_threadpool(sessions.finish_mfa, state_of(request), user.id, code))


def resend_mfa(request: Request) -> Response:
    """``POST /ums/v2/users/login/mfa/resend``: with the token of the first step."""
    user = require_permission(request, MFA_RESEND)
    expires = datetime.fromtimestamp(user.expires, UTC)
    return JSONResponse(one_time_codes.resend_second_step(state_of(request), user.id, expires))


async def refresh(request: Request) -> Response:
    """``POST /ums/v2/users/token/refresh``: public."""
    token = text_of(await json_body(request), "refreshToken")
    return JSONResponse(await run_in_threadpool(sessions.refresh_session, state_of(request), token))


async def log_in_by_token(request: Request) -> Response:
    """``POST /ums/v2/users/token/login``: public."""
    token = text_of(await json_body(request), "refreshToken")
    return JSONResponse(await run_in_threadpool(sessions.log_in_by_token, state_of(request), token))


async def generate_code(request: Request) -> Response:
    """``POST /ums/v2/users/otp/generate``: public."""
    phone = text_of(await json_body(request), "phone")
    return JSONResponse(await run_in_threadpool(one_time_codes.send_login_code, state_of(request), phone))


async def log_in_by_code(request: Request) -> Response:
    """``POST /ums/v2/users/otp/login``: public."""
    body = await json_body(request)
    request_id, code = uuid_text(text_of(body, "requestId"), "requestId"), text_of(body, "code")
    return JSONResponse(await run_in_threadpool(one_time_codes.log_in_by_code, state_of(request), request_id, code))


async def log_out(request: Request) -> Response:
    """``POST /ums/v2/users/logout``: public."""
    token = text_of(await json_body(request), "refreshToken")
    await run_in_threadpool(sessions.log_out, state_of(request), token)
    return Response(status_code=200)


def public_key(request: Request) -> Response:
    """``GET /ums/v1/security/public-key``: public."""
    return JSONResponse(state_of(request).keys.public())


def messages(request: Request) -> Response:
    """``GET /sandbox/v1/messages``: the text messages that BioT would have sent. Not part of BioT."""
    require_permission(request, READ_MESSAGES)
    return JSONResponse({"messages": one_time_codes.sent_messages(state_of(request))})


def health_check(request: Request) -> Response:
    """``GET /ums/system/healthCheck``: public."""
    return JSONResponse(health_of(state_of(request)))
