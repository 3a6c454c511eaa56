"""What a running local BioT does besides answering requests: calls hooks, runs schedules, records what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.activity.activity_recorder import ActivityRecorder
    from sandbox.cron.cron_scheduler import CronScheduler
    from sandbox.fault_control.fault_switch import FaultSwitch
    from sandbox.hooks.running_hooks import Hooks


@dataclass(frozen=True, kw_only=True, slots=True)
class BackgroundWork:
    """The objects that work in the background.

    Attributes:
        hooks: Whom the local BioT calls around API calls.
        scheduler: Runs the schedules of plugins.
        recorder: The record of what happened.
        faults: The faults that are on.
    """

    hooks: Hooks
    scheduler: CronScheduler
    recorder: ActivityRecorder
    faults: FaultSwitch

    def start(self) -> None:
        """Begin. Call it in the server's event loop."""
        self.scheduler.start()

    async def finish(self, seconds: float) -> None:
        """Stop the schedules, and deliver the waiting notifications, for some seconds at most."""
        await self.scheduler.stop()
        await self.hooks.queue.drain(seconds)
