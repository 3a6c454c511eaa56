"""Cron: the schedules of all plugins with their next runs, a run as of any time, and the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from sandbox.console.console_access import PATH
from sandbox.console.page_rendering import SECURITY_HEADERS, render, render_fragment
from sandbox.console.submitted_fields import submitted_fields
from sandbox.cron.schedule_routes import (
    described_schedules,
    move_schedule_clock,
    planned_week,
    run_plugin_schedule,
)
from sandbox.cron.schedule_words import preview_schedule
from sandbox.instance_state import state_of

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.clock import Clock
    from sandbox.cron.schedule_words import SchedulePreview

_SEE_OTHER = 303
_RUNS_PREVIEWED = 5


def routes() -> list[Route]:
    """Return the routes of the pages about schedules."""
    return [
        Route("/cron", show_cron, methods=["GET"]),
        Route("/cron/preview", show_preview, methods=["GET"]),
        Route("/cron/run", run_schedule, methods=["POST"]),
        Route("/cron/clock", move_clock, methods=["POST"]),
    ]


async def show_cron(request: Request) -> Response:
    """The schedules of all plugins with their next runs."""
    shown = await described_schedules(_app(request))
    days, week = await planned_week(_app(request))
    done = request.query_params.get("done", "")
    return render(request, "cron.html", schedules=shown, done=done, days=days, week=week)


def show_preview(request: Request) -> Response:
    """A part of a page: a schedule in words with its next runs, while somebody types it."""
    preview = preview_of(request, request.query_params.get("schedule", "").strip())
    return HTMLResponse(render_fragment("schedule_preview.html", preview=preview), headers=SECURITY_HEADERS)


def preview_of(request: Request, schedule: str) -> SchedulePreview | None:
    """Return what a schedule means, by the clock of the schedules; None without one."""
    if not schedule:
        return None
    work = request.app.state.work
    clock: Clock = work.scheduler.clock if work else state_of(request).clock
    return preview_schedule(schedule, clock.now(), _RUNS_PREVIEWED)


async def run_schedule(request: Request) -> Response:
    """Run a schedule, and show what happened."""
    fields = await submitted_fields(request)
    result: dict[str, Any] = await run_plugin_schedule(_app(request), fields.get("plugin", ""), fields.get("time", ""))
    return RedirectResponse(f"{PATH}/activity/{result['chain']['number']}", _SEE_OTHER)


async def move_clock(request: Request) -> Response:
    """Move the clock of the schedules."""
    fields = await submitted_fields(request)
    moved: dict[str, Any] = await move_schedule_clock(_app(request), fields.get("time", ""))
    return RedirectResponse(f"{PATH}/cron?done={len(moved['runs'])}", _SEE_OTHER)


def _app(request: Request) -> Starlette:
    app: Starlette = request.app.state.application
    return app
