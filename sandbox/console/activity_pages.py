"""Activity: what happened, as a list that grows by itself, and the logs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.routing import Route

from sandbox.activity.activity_search import ActivityQuery, activity_query, log_query
from sandbox.console.page_rendering import SECURITY_HEADERS, render, render_fragment
from sandbox.instance_state import state_of
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.activity.activity_recorder import ActivityRecorder

_FILTERS = ("plugin", "hook", "status", "since", "trace", "text", "before")
_PAGE = 50
"""Rows of a page."""
_LOG_FILTERS = ("plugin", "hook", "status", "since")
_POLL_SECONDS = 0.03
_KEEP_ALIVE_SECONDS = 15
_LIVE_MAX = 200
"""Chains that are sent at once at most; a page that was closed for longer shows the newest ones."""
WATCHED_ROWS = 50
"""Rows that are compared with what was sent: the newest, because a chain changes only while its plugins run."""


def routes() -> list[Route]:
    """Return the routes of the pages about what happened."""
    return [
        Route("/activity", list_activity, methods=["GET"]),
        Route("/activity/live", live_activity, methods=["GET"]),
        Route("/logs", show_logs, methods=["GET"]),
    ]


def list_activity(request: Request) -> Response:
    """The newest chains, or those that the filters select."""
    wanted = {key: value for key in _FILTERS if (value := request.query_params.get(key, "").strip())}
    problem, chains = "", []
    revision = _recorder(request).revision  # before the search: the page has at least what was written until then
    try:
        chains = _recorder(request).search(
            activity_query({**wanted, "limit": str(_PAGE)}, state_of(request).clock.now())
        )
    except ApiError as error:
        problem = error.message
    query = {key: wanted.get(key, "") for key in _FILTERS}
    live = not wanted
    older = {**wanted, "before": chains[-1]["number"]} if len(chains) == _PAGE else None
    shown: dict[str, Any] = {"chains": chains, "revision": revision, "live": live, "older": older}
    return render(request, "activity.html", query=query, problem=problem, **shown)


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
    """Server-sent events: each chain that ended, as a row of the list. ``Last-Event-ID`` continues after a row.

    ``revision`` is that of the activity when the page was made: if nothing has happened since then, the page has all.
    """
    query = request.query_params
    continued = request.headers.get("last-event-id")
    last = _whole(continued or query.get("after", ""))
    revision = None if continued else _whole(query.get("revision", ""))
    headers = {**SECURITY_HEADERS, "x-accel-buffering": "no"}
    return StreamingResponse(_events(request, last, revision), media_type="text/event-stream", headers=headers)


async def _events(request: Request, last: int | None, revision: int | None) -> AsyncIterator[str]:
    recorder = _recorder(request)
    rows = LiveRows(recorder, await run_in_threadpool(_newest, recorder) if last is None else last)
    seen, waited, first = -1, 0.0, ""
    if recorder.revision == revision:  # compared before the page is connected: later calls are new to it
        events = await run_in_threadpool(rows.events)
        seen = revision
        first = "" if recorder.revision == revision else events
    yield "retry: 1000\n\n" + first
    while not await request.is_disconnected():
        if recorder.revision != seen:
            seen, waited = recorder.revision, 0.0
            if events := await run_in_threadpool(rows.events):
                yield events
        await asyncio.sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS
        if waited > _KEEP_ALIVE_SECONDS:
            waited = 0.0
            yield ": still here\n\n"


class LiveRows:
    """The rows that one page has, so that only new and changed ones are sent.

    Args:
        recorder: What happened.
        last: The number of the newest chain that the page has.
    """

    def __init__(self, recorder: ActivityRecorder, last: int) -> None:
        self._recorder = recorder
        self._last = last
        self._shown: dict[int, dict[str, object]] = {}

    def events(self) -> str:
        """The events for rows that are new, and then for rows that changed: notifications follow a chain's end.

        The id of each is the number of the newest row that was sent so far, so that a page which loses the connection
        between two of them gets the others. The first time, the newest rows that the page has are sent again: they may
        have changed before the page asked.
        """
        query = ActivityQuery(where="number > ?", parameters=(self._last - WATCHED_ROWS,), limit=_LIVE_MAX)
        chains = {int(str(chain["number"])): chain for chain in self._recorder.search(query)[::-1]}
        changed = [number for number, chain in chains.items() if self._shown.get(number) != chain]
        texts = []
        for number in sorted(changed, key=lambda number: (number <= self._last, number)):
            self._last = max(self._last, number)
            row = render_fragment("activity_row.html", chain=chains[number]).replace("\r", " ").replace("\n", " ")
            texts.append(f"id: {self._last}\nevent: chain\ndata: {row}\n\n")
        self._shown = dict([*chains.items()][-WATCHED_ROWS:])
        return "".join(texts)


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None  # noqa: PLR2004 - SQLite's largest number is longer


def _newest(recorder: ActivityRecorder) -> int:
    newest: list[dict[str, Any]] = recorder.search(ActivityQuery(limit=1))
    return int(newest[0]["number"]) if newest else 0


def _recorder(request: Request) -> ActivityRecorder:
    work = request.app.state.work
    if work is None:
        raise ApiError(404, "ACTIVITY_NOT_FOUND", "This local BioT records no activity.")
    recorder: ActivityRecorder = work.recorder
    return recorder
