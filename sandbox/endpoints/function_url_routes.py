"""The routes below ``/run``: each plugin's function URL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

from starlette.responses import Response
from starlette.routing import Route

from sandbox.endpoints.called_function import CalledFunction, note_function, planned_fault
from sandbox.endpoints.plugin_functions import function_of
from sandbox.functions.function_errors import FunctionUnavailableError, RequestTooLargeError, TooManyRequestsError
from sandbox.functions.url.cors_headers import preflight_response, with_cors
from sandbox.functions.url.url_event import UrlRequest, event_of
from sandbox.functions.url.url_response import TOO_LARGE, TOO_MANY_REQUESTS, UrlResponse, response_of
from sandbox.instance_state import state_of
from sandbox.plugin_endpoints import METHODS
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.functions.function_configuration import FunctionConfiguration

TRACE_HEADER = "x-amzn-trace-id"


def routes() -> list[Route]:
    """Everything below ``/run``."""
    return [
        Route("/run/{plugin}", call_plugin, methods=METHODS),
        Route("/run/{plugin}/{rest:path}", call_plugin, methods=METHODS),
    ]


async def call_plugin(request: Request) -> Response:
    """Call the function of a plugin with any HTTP request."""
    state = state_of(request)
    function = function_of(state.database, request.path_params["plugin"])  # quicker than to wait for a thread
    headers = dict(request.headers)
    response = preflight_response(request.method, headers, function.cors)
    if response is None:
        response = with_cors(await _call(request, function), headers, function.cors)
    return _sent(response)


async def _call(request: Request, function: FunctionConfiguration) -> UrlResponse:
    state = state_of(request)
    event = event_of(await _url_request(request, urlsplit(state.settings.base_url).hostname or "localhost"))
    try:
        trace, fault = request.headers.get(TRACE_HEADER), planned_fault(request.scope)
        future = state.functions.submit(function, event, trace_header=trace, fault=fault)
        invocation = await asyncio.wrap_future(future)
    except TooManyRequestsError:
        return TOO_MANY_REQUESTS
    except RequestTooLargeError:
        return TOO_LARGE
    except FunctionUnavailableError as error:
        message = f"{error.message} {error.hint}".strip()
        raise ApiError(503, "PLUGIN_NOT_RUNNING", message, {"pluginName": function.name}) from error
    note_function(
        request.scope,
        CalledFunction(artifact_sha256=function.artifact_sha256, runtime=function.runtime, invocation=invocation),
    )
    response = response_of(invocation)
    headers = (*response.headers, ("x-amzn-requestid", invocation.request_id))
    return UrlResponse(status=response.status, headers=headers, body=response.body)


async def _url_request(request: Request, domain: str) -> UrlRequest:
    return UrlRequest(
        method=request.method,
        path=f"/{request.path_params.get('rest', '')}",
        query=request.scope["query_string"].decode("latin-1"),
        headers=tuple(request.headers.items()),
        body=await request.body(),
        source_ip=request.client.host if request.client else "",
        domain=domain,
        request_id=str(uuid4()),
        time=datetime.now(UTC),
    )


def _sent(response: UrlResponse) -> Response:
    sent = Response(response.body, response.status)
    del sent.headers["content-length"]
    for name, value in response.headers:
        sent.headers.append(name, value)
    sent.headers["content-length"] = str(len(response.body))
    return sent
