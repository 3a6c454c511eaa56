"""Decides which call of a plugin meets which fault of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.functions.call_fault import CallFault
from sandbox.hooks.rules.planned_faults import HookFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.faults.scenario_rules import HookFaultRule
    from sandbox.hooks.rules.planned_faults import PluginTarget


class HookFaultPlayer:
    """A ``FaultPlan``: the rules of a scenario, and how many calls each has counted. Belongs to one event loop.

    Args:
        rules: The rules.
        counts: How many calls rules applied to before, by the rule's ``id``.
    """

    def __init__(self, rules: tuple[HookFaultRule, ...], counts: Mapping[int, int] | None = None) -> None:
        self._rules = rules
        self._counts = [(counts or {}).get(id(rule), 0) for rule in rules]

    def counts(self) -> dict[int, int]:
        """Return how many calls each rule applied to, by the rule's ``id``."""
        return {id(rule): count for rule, count in zip(self._rules, self._counts, strict=True)}

    def next_fault(self, target: PluginTarget) -> HookFault | None:
        """Count a call and return the fault that it meets; None for none."""
        due = None
        for index, rule in enumerate(self._rules):
            if rule.applies_to(target):
                self._counts[index] += 1
                if due is None and rule.is_due(self._counts[index]):
                    due = rule
        return _fault_of(due) if due else None


def _fault_of(rule: HookFaultRule) -> HookFault:
    kind, seconds = rule.kind, rule.fault_seconds
    return HookFault(
        note=f"{kind.name}: {kind.description}" + (f" ({seconds:g} s)" if kind.seconds else ""),
        function=CallFault(kind=kind.function, seconds=seconds) if kind.function else None,
        rotates_key=kind.rotates_key,
        clock_seconds=int(kind.clock * seconds),
        change_answer=kind.answer,
    )
