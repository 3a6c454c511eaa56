"""Faults on demand: what a network, a gateway or the platform itself can do to a request.

``fault_list`` lists the faults, ``scenario`` reads which request meets which one, and ``gate`` plays them. A local BioT
without a scenario does not load this room.
"""

from __future__ import annotations

from sandbox.faults.fault_list import FAULT_KINDS, FaultKind, RequestEffect
from sandbox.faults.gate import HEADER, FaultedRequest, FaultGate
from sandbox.faults.scenario import FaultRule, Scenario, load_scenario

__all__ = [
    "FAULT_KINDS",
    "HEADER",
    "FaultGate",
    "FaultKind",
    "FaultRule",
    "FaultedRequest",
    "RequestEffect",
    "Scenario",
    "load_scenario",
]
