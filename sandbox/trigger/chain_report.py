"""Keep the reports of one chain, for the response to a trigger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.activity.chain_documents import describe_end, describe_start, describe_step, plugin_failed

if TYPE_CHECKING:
    from sandbox.hooks.hook_reports import ChainEnd, ChainStart, ChainStep, HookObserver


@dataclass(slots=True)
class ChainRecorder:
    """Keeps the reports of one chain, and passes them on.

    Attributes:
        observer: The usual observer.
    """

    observer: HookObserver
    start: ChainStart | None = None
    steps: list[ChainStep] = field(default_factory=list)
    end: ChainEnd | None = None

    def chain_started(self, start: ChainStart) -> None:
        """Keep it."""
        self.start = start
        self.observer.chain_started(start)

    def step_done(self, step: ChainStep) -> None:
        """Keep it."""
        self.steps.append(step)
        self.observer.step_done(step)

    def chain_ended(self, end: ChainEnd) -> None:
        """Keep it."""
        self.end = end
        self.observer.chain_ended(end)


def describe_chain(start: ChainStart, steps: list[ChainStep], end: ChainEnd) -> dict[str, object]:
    """Return a finished chain as JSON."""
    return {
        **describe_start(start),
        **describe_end(end),
        "pluginFailed": bool(end.problem) or any(map(plugin_failed, steps)),
        "steps": [describe_step(step) for step in steps],
    }
