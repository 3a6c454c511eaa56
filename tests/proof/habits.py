"""How deploy scripts usually carry out a plan, for comparison: they believe the last answer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import builder.publishing.running
from builder.errors import PublishError
from builder.publishing.plans import Create
from builder.publishing.verdicts import Outcome, Verdict

if TYPE_CHECKING:
    from builder.publishing.clock import Clock
    from builder.publishing.plans import Goal, Update
    from builder.publishing.reconcile import PluginApi

HABITS = {"sends once and believes the answer": 1, "sends up to three times and believes the last answer": 3}
"""What the client does, and how often it sends."""


def adopt(habit: str) -> None:
    """From now on, publishing in this process goes by such a habit."""

    def carry_out(api: PluginApi, goal: Goal, first: Create | Update, clock: Clock) -> Outcome:
        for _ in range(HABITS[habit]):
            with suppress(PublishError):
                _send(api, goal, first)
                return Outcome(verdict=Verdict.DONE, detail="The answer was a success.")
            clock.sleep(1)
        return Outcome(verdict=Verdict.NOT_APPLIED, detail="The answer was an error.")

    builder.publishing.running.carry_out = carry_out  # type: ignore[assignment, attr-defined] # in this process only


def _send(api: PluginApi, goal: Goal, plan: Create | Update) -> None:
    file = plan.code.file if plan.code is not None else None
    if isinstance(plan, Create):
        api.create(plan.config, file)
    else:
        api.update(goal.name, plan.sent, file)
