"""The rules of a scenario: which request, or which call of a plugin, meets which fault."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from builder.platform.limits import NAME_PREFIX

if TYPE_CHECKING:
    from sandbox.faults.fault_list import FaultKind
    from sandbox.faults.hook_fault_list import HookFaultKind
    from sandbox.hooks.rules.planned_faults import PluginTarget

ELSEWHERE = "https://elsewhere.invalid"


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultRule:
    """One ``[[fault]]`` about requests to BioT.

    Attributes:
        kind: The fault.
        method: The method of the requests it applies to; empty for any.
        path: Their path without the query, with ``*`` as wildcard; empty for any.
        plugin: The plugin that sends them, with ``*`` as wildcard; empty for everybody.
        request: The number of the first of those requests that meets the fault, from 1.
        times: How many requests in a row meet it; 0 for all that follow.
        seconds: The length of its pauses; None for the kind's default.
        elsewhere: The target of redirects.
    """

    kind: FaultKind
    method: str = ""
    path: str = ""
    plugin: str = ""
    request: int = 1
    times: int = 1
    seconds: float | None = None
    elsewhere: str = ELSEWHERE

    @property
    def pause_seconds(self) -> float:
        """The length of this fault's pauses in seconds."""
        return self.kind.seconds if self.seconds is None else self.seconds

    def applies_to(self, method: str, path: str, plugin: str = "") -> bool:
        """Return whether the rule applies to requests with this method and path, which this plugin sends."""
        return (
            self.method in {"", method}
            and (not self.path or fnmatchcase(path, self.path))
            and _is_plugin(plugin, self.plugin)
        )

    def is_due(self, number: int) -> bool:
        """Return whether the ``number``-th of the requests it applies to meets the fault."""
        return _is_due(number, self.request, self.times)


@dataclass(frozen=True, kw_only=True, slots=True)
class HookFaultRule:
    """One ``[[fault]]`` about calls of plugins.

    Attributes:
        kind: The fault.
        plugin: The plugin that is called, with ``*`` as wildcard; empty for every plugin.
        hook: The kind of subscription, or ``CRON``; empty for any.
        entity: The entity type of the subscription; empty for any.
        request: The number of the first of those calls that meets the fault, from 1.
        times: How many calls in a row meet it; 0 for all that follow.
        seconds: How late, or how wrong a clock; None for the kind's default.
    """

    kind: HookFaultKind
    plugin: str = ""
    hook: str = ""
    entity: str = ""
    request: int = 1
    times: int = 1
    seconds: float | None = None

    @property
    def fault_seconds(self) -> float:
        """How late, or how wrong a clock."""
        return self.kind.seconds if self.seconds is None else self.seconds

    def applies_to(self, target: PluginTarget) -> bool:
        """Return whether the rule applies to such calls."""
        return (
            self.hook in {"", target.hook}
            and self.entity in {"", target.entity}
            and _is_plugin(target.plugin, self.plugin)
        )

    def is_due(self, number: int) -> bool:
        """Return whether the ``number``-th of the calls it applies to meets the fault."""
        return _is_due(number, self.request, self.times)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """The rules in the order of the file; if several apply, the first one is used.

    Attributes:
        rules: About requests to BioT.
        hook_rules: About calls of plugins.
    """

    rules: tuple[FaultRule, ...] = ()
    hook_rules: tuple[HookFaultRule, ...] = ()


def _is_plugin(name: str, wanted: str) -> bool:
    """Return whether a plugin has the wanted name; both may have the platform's prefix."""
    if not wanted:
        return True
    return bool(name) and fnmatchcase(name.removeprefix(NAME_PREFIX), wanted.removeprefix(NAME_PREFIX))


def _is_due(number: int, first: int, times: int) -> bool:
    return number >= first and (times == 0 or number < first + times)
