"""Faults on demand: what a network, a gateway or the platform itself can do to a request."""

from __future__ import annotations

from sandbox.faults.fault_list import KINDS, Effect, Kind
from sandbox.faults.gate import HEADER, FaultGate, Met
from sandbox.faults.scenario import Rule, Scenario, load_scenario

__all__ = ["HEADER", "KINDS", "Effect", "FaultGate", "Kind", "Met", "Rule", "Scenario", "load_scenario"]
