"""How a plan or a publish of many plugins ended: one result for each plugin, and the exit code of all. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from builder.errors import KitError, PublishError
from builder.network.verdict import Verdict
from builder.publishing.own_endpoint.endpoint_release import PlannedEndpoint
from builder.release import PlannedRelease, PublishResult

if TYPE_CHECKING:
    from pathlib import Path

CHANGES: Final = "changes"
"""The verdict of a plan that would change something."""
CHANGES_EXIT: Final = 10
INTERRUPTED_EXIT: Final = 130
_BUG_EXIT: Final = 70

PluginEnding: TypeAlias = PlannedRelease | PublishResult | PlannedEndpoint | Exception
"""What ``plan`` or ``publish`` returned or raised for one plugin. An exception that is no ``KitError`` is a bug."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleasedPlugin:
    """One plugin, and how its plan or publish ended.

    Attributes:
        folder: The folder of its plugin.toml.
        name: Its name without ``Plugin-``; empty when plugin.toml cannot be read.
        ending: The result or the error.
    """

    folder: Path
    name: str
    ending: PluginEnding

    @property
    def verdict(self) -> str:
        """A verdict of ``builder.network.verdict``, or ``changes``, as ``--json`` of the single command has it."""
        match self.ending:
            case PublishResult(outcome=outcome):
                return outcome.verdict.value
            case PlannedEndpoint(outcome=outcome) if outcome is not None:
                return outcome.verdict.value
            case PlannedEndpoint(plan=plan):
                return CHANGES if plan.changes else Verdict.NOTHING_TO_DO.value
            case PlannedRelease() as planned:
                return CHANGES if planned.changes_anything else Verdict.NOTHING_TO_DO.value
            case KitError() as error:
                known = error.kind in {Verdict.CONFLICT, Verdict.UNKNOWN}
                return error.kind if known else Verdict.NOT_APPLIED.value
            case Exception():
                return Verdict.UNKNOWN.value

    @property
    def exit_code(self) -> int:
        """The exit code of the command for this plugin alone."""
        if isinstance(self.ending, Exception):
            return self.ending.exit_code if isinstance(self.ending, KitError) else _BUG_EXIT
        if self.verdict == CHANGES:
            return CHANGES_EXIT
        return 0 if self.verdict in {Verdict.DONE, Verdict.NOTHING_TO_DO} else PublishError.exit_code


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchOutcome:
    """The result of every plugin, in the order of their folders.

    Attributes:
        plugins: The results.
        interrupted: Whether Ctrl-C kept some plugins from being started.
    """

    plugins: tuple[ReleasedPlugin, ...]
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """The worst one: of an interrupt, else the highest of the failures, else 10 for changes, else 0."""
        if self.interrupted:
            return INTERRUPTED_EXIT
        codes = {plugin.exit_code for plugin in self.plugins}
        return max(codes - {CHANGES_EXIT}, default=0) or max(codes, default=0)

    @property
    def verdict(self) -> str:
        """The verdict that says least about what BioT has: of all plugins, the most uncertain one."""
        verdicts = {plugin.verdict for plugin in self.plugins}
        order = (Verdict.UNKNOWN, Verdict.CONFLICT, Verdict.NOT_APPLIED, CHANGES, Verdict.DONE)
        return next((str(verdict) for verdict in order if verdict in verdicts), Verdict.NOTHING_TO_DO.value)
