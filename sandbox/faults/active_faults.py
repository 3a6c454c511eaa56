"""The faults that are on, each with a number, a count and an expiry."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.clock import iso
from sandbox.faults.scenario import read_scenario
from sandbox.faults.scenario_rules import FaultRule, HookFaultRule, Scenario
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.clock import Clock
    from sandbox.faults.gate import FaultGate

MINUTES_MAX = 1_440
"""A fault that is forgotten ends after a day at the latest, unless it has no expiry (the kit's choice)."""
_SCOPE = ("method", "path", "plugin", "hook", "entity")


@dataclass(frozen=True, kw_only=True, slots=True)
class ActiveFault:
    """A fault that is on.

    Attributes:
        number: Its number, from 1.
        rule: What meets which fault.
        ends: When it is switched off by itself; None for never.
    """

    number: int
    rule: FaultRule | HookFaultRule
    ends: datetime | None = None


class ActiveFaults:
    """The faults of one running local BioT. Belongs to the server's event loop.

    Args:
        gate: Plays them.
        clock: For expiries.
        scenario: The faults that are on from the start.
    """

    def __init__(self, gate: FaultGate, clock: Clock, scenario: Scenario) -> None:
        self._gate = gate
        self._clock = clock
        rules = _rules_of(scenario)
        self._faults = {number: ActiveFault(number=number, rule=rule) for number, rule in enumerate(rules, start=1)}
        self._last = len(rules)

    @property
    def remaining(self) -> int:
        """The number of faults that something can still meet."""
        counts = self._gate.counts()
        return sum(not _is_used_up(one.rule, counts.get(id(one.rule), 0)) for one in self._faults.values())

    def described(self) -> list[dict[str, object]]:
        """Return the faults in the order in which they are tried."""
        counts = self._gate.counts()
        return [_described(one, counts.get(id(one.rule), 0)) for one in self._faults.values()]

    def switch_on(self, table: Mapping[str, object], minutes: int | None = None) -> None:
        """Switch a fault on.

        Args:
            table: As one ``[[fault]]`` of a scenario.
            minutes: After which it ends by itself; None for never.

        Raises:
            ApiError: 400, with every problem of the table.
        """
        scenario, problems = read_scenario({"fault": [dict(table)]})
        if problems:
            raise bad_request(" ".join(f"{message} {hint}" for _, message, hint in problems))
        if minutes is not None and not 1 <= minutes <= MINUTES_MAX:
            message = f"minutes must be a whole number from 1 to {MINUTES_MAX}."
            raise bad_request(message)
        (rule,) = _rules_of(scenario)
        self._last += 1
        ends = None if minutes is None else self._clock.now() + timedelta(minutes=minutes)
        self._faults[self._last] = ActiveFault(number=self._last, rule=rule, ends=ends)
        self._play()
        if minutes is not None:
            asyncio.get_running_loop().call_later(minutes * 60, self._expire, self._last)

    def switch_off(self, number: int) -> None:
        """Switch a fault off.

        Raises:
            ApiError: 404, no such fault is on.
        """
        if self._faults.pop(number, None) is None:
            message = f"There is no fault {number}. It may have ended by itself."
            raise ApiError(404, "FAULT_NOT_FOUND", message)
        self._play()

    def switch_off_all(self) -> None:
        """Switch every fault off."""
        self._faults.clear()
        self._play()

    def _expire(self, number: int) -> None:
        if self._faults.pop(number, None) is not None:
            self._play()

    def _play(self) -> None:
        rules = [one.rule for one in self._faults.values()]
        self._gate.change(
            Scenario(
                rules=tuple(rule for rule in rules if isinstance(rule, FaultRule)),
                hook_rules=tuple(rule for rule in rules if isinstance(rule, HookFaultRule)),
            )
        )


def _rules_of(scenario: Scenario) -> list[FaultRule | HookFaultRule]:
    return [*scenario.rules, *scenario.hook_rules]


def _described(fault: ActiveFault, count: int) -> dict[str, object]:
    rule = fault.rule
    values: dict[str, Any] = {field.name: getattr(rule, field.name) for field in fields(rule)}
    return {
        "number": fault.number,
        "kind": rule.kind.name,
        "description": rule.kind.description,
        "target": "calls of plugins" if isinstance(rule, HookFaultRule) else "requests",
        "scope": {name: values[name] for name in _SCOPE if values.get(name)},
        "request": rule.request,
        "times": rule.times,
        "applied": count,
        "usedUp": _is_used_up(rule, count),
        "ends": iso(fault.ends) if fault.ends else None,
    }


def _is_used_up(rule: FaultRule | HookFaultRule, count: int) -> bool:
    return rule.times > 0 and count >= rule.request + rule.times - 1
