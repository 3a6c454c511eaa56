"""Limits: how near the recorded calls of each plugin came to what Lambda allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from sandbox.activity.activity_search import log_query
from sandbox.activity.limit_summary import summarize_limits
from sandbox.console.page_rendering import render
from sandbox.instance_state import state_of
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_FILTERS = ("plugin", "hook", "since")
_CALLS = "1000"


def routes() -> list[Route]:
    """Return the route."""
    return [Route("/limits", show_limits, methods=["GET"])]


def show_limits(request: Request) -> Response:
    """The newest calls, summarized for each plugin."""
    wanted = {key: value for key in _FILTERS if (value := request.query_params.get(key, "").strip())}
    problem = ""
    calls: list[dict[str, object]] = []
    work = request.app.state.work
    try:
        query = log_query({**wanted, "limit": _CALLS}, state_of(request).clock.now())
        calls = work.recorder.calls(query) if work else []
    except ApiError as error:
        problem = error.message
    return render(
        request,
        "limits.html",
        plugins=summarize_limits(calls),
        query={key: wanted.get(key, "") for key in _FILTERS},
        problem=problem,
    )
