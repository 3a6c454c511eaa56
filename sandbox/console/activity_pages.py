"""Activity: what happened, as a list that grows by itself, and one chain with its steps, differences and reasons."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.routing import Route

from sandbox.activity.activity_search import ActivityQuery, activity_query, log_query
from sandbox.console.chain_steps import chain_steps
from sandbox.console.page_rendering import SECURITY_HEADERS, render, render_fragment
from sandbox.instance_state import state_of
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.activity.activity_recorder import ActivityRecorder

_FILTERS = ("plugin", "hook", "status", "since", "trace", "text")
_LOG_FILTERS = ("plugin", "hook", "status", "since")
_POLL_SECONDS = 0.03
_KEEP_ALIVE_SECONDS = 15
_LIVE_MAX = 200
"""Chains that are sent at once at most; a page that was closed for longer shows the newest ones."""
_WATCHED_ROWS = 50
"""Rows that are compared with what was sent: the newest, because a chain changes only while its plugins run."""


def routes() -> list[Route]:
    """Return the routes of the pages about what happened."""
    return [
        Route("/activity", list_activity, methods=["GET"]),
        Route("/activity/live", live_activity, methods=["GET"]),
        Route("/activity/{id}", show_chain, methods=["GET"]),
        Route("/logs", show_logs, methods=["GET"]),
    ]


def list_activity(request: Request) -> Response:
    """The newest chains, or those that the filters select."""
    wanted = {key: value for key in _FILTERS if (value := request.query_params.get(key, "").strip())}
    problem, chains = "", []
    try:
        chains = _recorder(request).search(activity_query(wanted, state_of(request).clock.now()))
    except ApiError as error:
        problem = error.message
    query = {key: wanted.get(key, "") for key in _FILTERS}
    live = not wanted
    return render(request, "activity.html", chains=chains, query=query, problem=problem, live=live)


def show_chain(request: Request) -> Response:
    """One chain: its steps with what each of them changed, logs, and why others were not called."""
    identifier = request.path_params["id"]
    chain = _recorder(request).read(identifier)
    if chain is None:
        message = f"There is no activity {identifier[:100]}. Only the newest calls are kept."
        raise ApiError(404, "ACTIVITY_NOT_FOUND", message)
    return render(request, "chain.html", chain=chain, steps=chain_steps(chain))


def show_logs(request: Request) -> Response:
    """The newest calls of plugins with their log lines."""
    wanted = {key: value for key in _LOG_FILTERS if (value := request.query_params.get(key, "").strip())}
    problem, calls = "", []
    try:
        calls = _recorder(request).calls(log_query(wanted, state_of(request).clock.now()))
    except ApiError as error:
        problem = error.message
    query = {key: wanted.get(key, "") for key in _LOG_FILTERS}
    return render(request, "logs.html", calls=calls[::-1], query=query, problem=problem)


async def live_activity(request: Request) -> Response:
    """Server-sent events: each chain that ended, as a row of the list. ``Last-Event-ID`` continues after a row."""
    after = request.headers.get("last-event-id") or request.query_params.get("after", "")
    last = int(after) if after.isdecimal() and len(after) < 16 else None  # noqa: PLR2004 - SQLite's largest number is longer
    headers = {**SECURITY_HEADERS, "x-accel-buffering": "no"}
    return StreamingResponse(_events(request, last), media_type="text/event-stream", headers=headers)


async def _events(request: Request, last: int | None) -> AsyncIterator[str]:
    recorder = _recorder(request)
    rows = _LiveRows(recorder, await run_in_threadpool(_newest, recorder) if last is None else last)
    seen, waited = -1, 0.0
    yield "retry: 1000\n\n"
    while not await request.is_disconnected():
        if recorder.revision != seen:
            seen, waited = recorder.revision, 0.0
            for row in await run_in_threadpool(rows.changed):
                yield f"id: {rows.last}\nevent: chain\ndata: {row}\n\n"
        await asyncio.sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS
        if waited > _KEEP_ALIVE_SECONDS:
            waited = 0.0
            yield ": still here\n\n"


class _LiveRows:
    """The rows that one page has, so that only new and changed ones are sent.

    Args:
        recorder: What happened.
        last: The number of the newest chain that the page has.
    """

    def __init__(self, recorder: ActivityRecorder, last: int) -> None:
        self.last = last
        self._recorder = recorder
        self._sent: dict[int, str] = {}

    def changed(self) -> list[str]:
        """The rows that are new or have changed, the oldest first; notifications follow after a chain's end."""
        places = ", ".join("?" * len(self._sent))
        query = ActivityQuery(
            where=f"(number > ? OR number IN ({places}))", parameters=(self.last, *self._sent), limit=_LIVE_MAX
        )
        rows = {
            int(str(chain["number"])): render_fragment("activity_row.html", chain=chain).replace("\n", " ")
            for chain in self._recorder.search(query)[::-1]
        }
        changed = [row for number, row in rows.items() if self._sent.get(number) != row]
        self._sent = dict([*{**self._sent, **rows}.items()][-_WATCHED_ROWS:])
        self.last = max([self.last, *rows])
        return changed


def _newest(recorder: ActivityRecorder) -> int:
    newest: list[dict[str, Any]] = recorder.search(ActivityQuery(limit=1))
    return int(newest[0]["number"]) if newest else 0


def _recorder(request: Request) -> ActivityRecorder:
    work = request.app.state.work
    if work is None:
        raise ApiError(404, "ACTIVITY_NOT_FOUND", "This local BioT records no activity.")
    recorder: ActivityRecorder = work.recorder
    return recorder
