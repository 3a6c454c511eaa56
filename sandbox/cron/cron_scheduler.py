"""Call plugins at the times of their schedules, on a clock that can be moved."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from builder.manifest.rules.cron_schedule import schedule_problem
from sandbox.clock import AdjustableClock
from sandbox.cron.cron_calls import CronRun, call_on_schedule
from sandbox.cron.cron_expression import parse_cron

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sandbox.hooks.running_hooks import Hooks

RUNS_MAX = 1_000
"""How many runs one move of the clock may cause (the kit's choice)."""
_POLL_SECONDS = 1.0
_LATEST = timedelta(minutes=2)
"""A run that is later than this, because the machine slept, is left out. BioT's schedules go on while it sleeps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginSchedule:
    """The schedule of a plugin."""

    plugin: str
    schedule: str
    enabled: bool


def due_runs(schedules: Iterable[PluginSchedule], after: datetime, until: datetime) -> list[CronRun]:
    """Return the runs of enabled plugins after a moment and until another one, in order, at most ``RUNS_MAX``."""
    runs: list[CronRun] = []
    for one in schedules:
        if one.enabled and after < until:
            moments = takewhile(lambda moment: moment <= until, parse_cron(one.schedule).runs_after(after))
            runs += [CronRun(plugin=one.plugin, schedule=one.schedule, time=moment) for moment in _first(moments)]
    return sorted(runs, key=lambda run: (run.time, run.plugin))[:RUNS_MAX]


def _first(moments: Iterator[datetime]) -> list[datetime]:
    return [moment for moment, _ in zip(moments, range(RUNS_MAX), strict=False)]


class CronScheduler:
    """The schedules of one running local BioT. Belongs to the server's event loop.

    Args:
        hooks: Who calls and who is informed.
    """

    def __init__(self, hooks: Hooks) -> None:
        self.clock = AdjustableClock(hooks.state.clock)
        self._hooks = hooks
        self._checked = self.clock.now()
        self._task: asyncio.Task[None] | None = None
        self._calls: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to call plugins."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop calling, and cancel what runs."""
        tasks = [*self._calls, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def schedules(self) -> list[PluginSchedule]:
        """Return the schedules of all plugins."""
        return await run_in_threadpool(self._read)

    async def move(self, moment: datetime) -> list[CronRun]:
        """Move the clock, make every run on the way, one after the other, and return them.

        A move into the past makes none.
        """
        runs = due_runs(await self.schedules(), self.clock.now(), moment)
        self.clock.move_to(moment)
        self._checked = moment
        for run in runs:
            await call_on_schedule(self._hooks, run)
        return runs

    def reset(self) -> None:
        """Follow the machine's clock again."""
        self.clock.reset()
        self._checked = self.clock.now()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                await self._call_due()
            except Exception:  # one failure must not end all schedules
                logging.getLogger(__name__).exception("The schedules could not be checked.")

    async def _call_due(self) -> None:
        now = self.clock.now()
        if now.replace(second=0, microsecond=0) <= self._checked:
            return  # schedules have no seconds, so the next run is in another minute
        schedules = await self.schedules()
        after, self._checked = max(self._checked, now - _LATEST), now
        for run in due_runs(schedules, after, now):
            call = asyncio.get_running_loop().create_task(call_on_schedule(self._hooks, run))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    def _read(self) -> list[PluginSchedule]:
        with self._hooks.state.database.read() as connection:
            rows = connection.execute(
                "SELECT full_name, enabled_state, config FROM plugins"
                " WHERE json_extract(config, '$.cronSchedule') IS NOT NULL ORDER BY full_name"
            ).fetchall()
        found = [
            PluginSchedule(
                plugin=row["full_name"],
                schedule=str(json.loads(row["config"])["cronSchedule"]),
                enabled=row["enabled_state"] == "ENABLED",
            )
            for row in rows
        ]
        return [one for one in found if not schedule_problem(one.schedule)]
