"""Switches faults on and off while the local BioT runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.faults.active_faults import ActiveFaults
    from sandbox.faults.gate import FaultGate
    from sandbox.faults.scenario_rules import Scenario
    from sandbox.hooks.running_hooks import Hooks


class FaultSwitch:
    """The faults of one running local BioT. Belongs to the server's event loop.

    Args:
        hooks: Calls the plugins that meet faults.
        scenario: The faults that are on from the start; None loads nothing until the first one is switched on.
    """

    def __init__(self, hooks: Hooks, scenario: Scenario | None = None) -> None:
        self._hooks = hooks
        self._gate: FaultGate | None = None
        self._faults: ActiveFaults | None = None
        if scenario is not None:
            self._load(scenario)

    @property
    def gate(self) -> FaultGate | None:
        """The gate in front of the application; None before the first fault."""
        return self._gate

    @property
    def remaining(self) -> int:
        """The number of faults that something can still meet."""
        return self._faults.remaining if self._faults else 0

    def described(self) -> list[dict[str, object]]:
        """Return the faults that are on, as JSON."""
        return self._faults.described() if self._faults else []

    def faults(self) -> ActiveFaults:
        """Return the faults that are on."""
        if self._faults is None:
            from sandbox.faults.scenario_rules import Scenario

            return self._load(Scenario())
        return self._faults

    def _load(self, scenario: Scenario) -> ActiveFaults:
        from sandbox.faults.active_faults import ActiveFaults  # only with the first fault, so that the start stays fast
        from sandbox.faults.gate import FaultGate
        from sandbox.faults.plugin_faults import PluginFaults

        clock = self._hooks.state.clock
        self._gate = FaultGate(scenario, self._hooks.state.database, clock, PluginFaults(self._hooks))
        self._faults = ActiveFaults(self._gate, clock, scenario)
        return self._faults
