"""How deploy scripts usually carry out a plan, for comparison: they believe the last answer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import builder.publishing.execution.run
from builder.errors import PublishError
from builder.network.verdict import Verdict
from builder.publishing.planning.plan import Create, Unchanged
from builder.publishing.planning.planner import make_plan
from builder.publishing.records.outcome import PublishOutcome

if TYPE_CHECKING:
    from builder.publishing.clock import Clock
    from builder.publishing.execution.reconcile import PluginApi
    from builder.publishing.planning.plan import DesiredPlugin, ReleasePlan, Update

HABITS = {"sends once and believes the answer": 1, "sends up to three times and believes the last answer": 3}
"""What the client does, and how often it sends."""
PLANS_ANEW = "reads again after a refusal and sends once more"
TRIES = 6


def adopt(habit: str) -> None:
    """From now on, publishing in this process goes by such a habit."""

    def carry_out(api: PluginApi, desired: DesiredPlugin, first: Create | Update, clock: Clock) -> PublishOutcome:
        for _ in range(HABITS[habit]):
            with suppress(PublishError):
                _send(api, desired, first)
                return PublishOutcome(verdict=Verdict.DONE, detail="The answer was a success.")
            clock.sleep(1)
        return PublishOutcome(verdict=Verdict.NOT_APPLIED, detail="The answer was an error.")

    chosen = _plan_anew if habit == PLANS_ANEW else carry_out
    builder.publishing.execution.run.carry_out = chosen  # type: ignore[assignment, attr-defined] # in this process only


def _plan_anew(api: PluginApi, desired: DesiredPlugin, first: Create | Update, clock: Clock) -> PublishOutcome:
    """What BioT has when the version was refused is overwritten silently."""
    next_plan: ReleasePlan = first
    for _ in range(TRIES):
        with suppress(PublishError):
            if isinstance(next_plan, Unchanged):
                return PublishOutcome(verdict=Verdict.DONE, detail="BioT has it.")
            _send(api, desired, next_plan)
        clock.sleep(1)
        with suppress(PublishError):
            next_plan = make_plan(desired, api.read(desired.name))
    return PublishOutcome(verdict=Verdict.UNKNOWN, detail="It was sent several times.")


def _send(api: PluginApi, desired: DesiredPlugin, sent: Create | Update) -> None:
    file = sent.code.file if sent.code is not None else None
    if isinstance(sent, Create):
        api.create(sent.config, file)
    else:
        api.update(desired.name, sent.sent, file)
