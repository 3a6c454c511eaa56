"""Schedules, for the kit's own commands: the next runs, a run now, and the clock. Not part of BioT."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from builder.platform.limits import NAME_PREFIX
from sandbox.activity.activity_search import log_query
from sandbox.clock import iso
from sandbox.cron.cron_calls import CronRun, call_on_schedule
from sandbox.cron.cron_expression import parse_cron
from sandbox.cron.cron_scheduler import due_runs
from sandbox.cron.schedule_words import schedule_words
from sandbox.cron.week_plan import DAYS, dates_of_week, plan_week
from sandbox.hooks.rules.planned_faults import CRON
from sandbox.trigger.chain_report import ChainRecorder, describe_chain
from sandbox.trigger.routes import PERMISSION
from sandbox.web.authorization import require_permission
from sandbox.web.biot_errors import ApiError, bad_request
from sandbox.web.request_body import json_body, optional_text_of

if TYPE_CHECKING:
    from datetime import date

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.activity.activity_recorder import ActivityRecorder
    from sandbox.cron.cron_scheduler import CronScheduler, PluginSchedule
    from sandbox.cron.week_plan import PlannedWeek
    from sandbox.hooks.running_hooks import Hooks

_RUNS_SHOWN = 10
_RECORDED = "1000"
"""How many recorded runs say how long runs take."""
_DURATION = re.compile(r"\+?(\d{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def routes() -> list[Route]:
    """Return the routes below ``/sandbox/v1/schedules``."""
    return [
        Route("/sandbox/v1/schedules", show_schedules, methods=["GET"]),
        Route("/sandbox/v1/schedules/run", run_schedule, methods=["POST"]),
        Route("/sandbox/v1/schedules/clock", move_clock, methods=["POST"]),
    ]


async def show_schedules(request: Request) -> Response:
    """``GET /sandbox/v1/schedules``: the time, and the next runs of every plugin."""
    await run_in_threadpool(require_permission, request, PERMISSION)
    return JSONResponse(await described_schedules(request.app))


async def described_schedules(app: Starlette) -> dict[str, object]:
    """Return the time of the schedules, and the next runs of every plugin.

    Args:
        app: The local BioT.
    """
    scheduler = _scheduler(app)
    now = scheduler.clock.now()
    return {"time": iso(now), "plugins": [_describe(one, now) for one in await scheduler.schedules()]}


async def planned_week(app: Starlette) -> tuple[tuple[date, ...], tuple[PlannedWeek, ...]]:
    """Return the days of the week that begins today, and the runs of every enabled plugin on them.

    Args:
        app: The local BioT.
    """
    scheduler = _scheduler(app)
    start = scheduler.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    runs = due_runs(
        await scheduler.schedules(), start - timedelta(minutes=1), start + timedelta(days=DAYS) - timedelta(minutes=1)
    )
    recorder: ActivityRecorder = app.state.work.recorder
    query = log_query({"hook": CRON, "limit": _RECORDED}, scheduler.clock.now())
    longest: dict[str, float] = {}
    for call in await run_in_threadpool(recorder.calls, query):
        plugin = str(call["plugin"])
        longest[plugin] = max(longest.get(plugin, 0), float(str(call["milliseconds"])))
    return dates_of_week(start), plan_week(runs, start, longest)


async def run_schedule(request: Request) -> Response:
    """``POST /sandbox/v1/schedules/run``: run a schedule now, as of now or as of another time."""
    await run_in_threadpool(require_permission, request, PERMISSION)
    body = await json_body(request)
    name, time = optional_text_of(body, "pluginName"), optional_text_of(body, "time")
    return JSONResponse(await run_plugin_schedule(request.app, name, time))


async def run_plugin_schedule(app: Starlette, name: str, time: str) -> dict[str, object]:
    """Run the schedule of a plugin.

    Args:
        app: The local BioT.
        name: The plugin; empty for the only one with a schedule.
        time: As of when; empty for now.

    Raises:
        ApiError: 404, there is no such schedule; 400, the name or the time says too little.
    """
    scheduler = _scheduler(app)
    chosen = _chosen(await scheduler.schedules(), name)
    moment = _moment(time, scheduler.clock.now())
    hooks: Hooks = app.state.hook_layer.hooks
    recorder = ChainRecorder(hooks.observer)
    await call_on_schedule(hooks, CronRun(plugin=chosen.plugin, schedule=chosen.schedule, time=moment), recorder)
    if recorder.start is None or recorder.end is None:
        msg = "the schedule did not report its chain"
        raise RuntimeError(msg)
    chain = describe_chain(recorder.start, recorder.steps, recorder.end)
    activity: ActivityRecorder = app.state.work.recorder
    numbered = await run_in_threadpool(activity.numbered, chain)
    return {"chain": numbered, **_describe(chosen, scheduler.clock.now())}


async def move_clock(request: Request) -> Response:
    """``POST /sandbox/v1/schedules/clock``: move the clock of the schedules, and make every run on the way."""
    await run_in_threadpool(require_permission, request, PERMISSION)
    target = optional_text_of(await json_body(request), "time")
    return JSONResponse(await move_schedule_clock(request.app, target))


async def move_schedule_clock(app: Starlette, target: str) -> dict[str, object]:
    """Move the clock of the schedules, and make every run on the way.

    Args:
        app: The local BioT.
        target: A duration such as ``1d``, a time in ISO 8601, or ``reset``.

    Raises:
        ApiError: 400, ``target`` is neither.
    """
    scheduler = _scheduler(app)
    if target == "reset":
        scheduler.reset()
        return {"time": iso(scheduler.clock.now()), "runs": []}
    if not target:
        message = "time must be a duration such as +1d, a time in ISO 8601, or reset."
        raise bad_request(message)
    runs = await scheduler.move(_moment(target, scheduler.clock.now()))
    described = [{"plugin": run.plugin, "time": iso(run.time)} for run in runs]
    return {"time": iso(scheduler.clock.now()), "runs": described}


def _chosen(schedules: list[PluginSchedule], name: str) -> PluginSchedule:
    """Return the schedule of a plugin, or the only one.

    Raises:
        ApiError: 404, there is none; 400, there are several.
    """
    names = {name, f"{NAME_PREFIX}{name}"} if name else {one.plugin for one in schedules}
    found = [one for one in schedules if one.plugin in names]
    if len(found) == 1:
        return found[0]
    if found:
        message = f"Several plugins have a cronSchedule: {', '.join(one.plugin for one in found)}. Name one."
        raise bad_request(message)
    what = f"{name[:100]} has no cronSchedule" if name else "No plugin has a cronSchedule"
    raise ApiError(404, "SCHEDULE_NOT_FOUND", f"{what}. Set one in plugin.toml and publish the plugin.")


def _describe(one: PluginSchedule, now: datetime) -> dict[str, object]:
    upcoming = islice(parse_cron(one.schedule).runs_after(now), _RUNS_SHOWN)
    return {
        "plugin": one.plugin,
        "cronSchedule": one.schedule,
        "words": schedule_words(one.schedule),
        "enabled": one.enabled,
        "nextRuns": [iso(moment) for moment in upcoming],
    }


def _moment(text: str, now: datetime) -> datetime:
    if not text:
        return now
    try:
        if match := _DURATION.fullmatch(text):
            return now + timedelta(**{_UNITS[match[2]]: int(match[1])})
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = "time must be a duration such as 30m, 2h or 1d, or a time such as 2026-01-31T02:00:00Z."
        raise bad_request(message) from error


def _scheduler(app: Starlette) -> CronScheduler:
    work = app.state.work
    if work is None:
        raise ApiError(404, "SCHEDULE_NOT_FOUND", "This local BioT runs no schedules.")
    scheduler: CronScheduler = work.scheduler
    return scheduler
