"""What happened, for the kit's own commands. Not part of BioT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.activity.activity_search import activity_query, log_query
from sandbox.instance_state import state_of
from sandbox.web.authorization import require_permission
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.activity.activity_recorder import ActivityRecorder

PERMISSION = "SETTINGS_PLUGIN_SEARCH"
"""Whoever may list plugins may read what happened to them."""


def routes() -> list[Route]:
    """Return the routes below ``/sandbox/v1/activity``, and the logs."""
    return [
        Route("/sandbox/v1/logs", search_logs, methods=["GET"]),
        Route("/sandbox/v1/activity", search_activity, methods=["GET"]),
        Route("/sandbox/v1/activity/{id}", show_activity, methods=["GET"]),
    ]


def search_activity(request: Request) -> Response:
    """``GET /sandbox/v1/activity``: the newest chains."""
    require_permission(request, PERMISSION)
    query = activity_query(dict(request.query_params), state_of(request).clock.now())
    return JSONResponse({"chains": _recorder(request).search(query)})


def search_logs(request: Request) -> Response:
    """``GET /sandbox/v1/logs``: the newest calls of plugins with their logs, or those after a call."""
    require_permission(request, PERMISSION)
    query = log_query(dict(request.query_params), state_of(request).clock.now())
    return JSONResponse({"calls": _recorder(request).calls(query)})


def show_activity(request: Request) -> Response:
    """``GET /sandbox/v1/activity/{id}``: one chain with everything."""
    require_permission(request, PERMISSION)
    identifier = request.path_params["id"]
    chain = _recorder(request).read(identifier)
    if chain is None:
        message = f"There is no activity {identifier[:100]}. It may have been deleted: only the newest ones are kept."
        raise ApiError(404, "ACTIVITY_NOT_FOUND", message)
    return JSONResponse(chain)


def _recorder(request: Request) -> ActivityRecorder:
    work = request.app.state.work
    if work is None:
        raise ApiError(404, "ACTIVITY_NOT_FOUND", "This local BioT records no activity.")
    recorder: ActivityRecorder = work.recorder
    return recorder
