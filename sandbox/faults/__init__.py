"""Faults on demand: what a network, a gateway or the platform itself can do to a request.

``fault_list`` lists the faults of requests and ``hook_fault_list`` those of calls of plugins; ``scenario`` reads which
request or call meets which one; ``gate`` and ``plugin_faults`` play them. A local BioT without a scenario does not
load this room.
"""

from __future__ import annotations

from sandbox.faults.fault_list import FAULT_KINDS, FaultKind, RequestEffect
from sandbox.faults.gate import HEADER, FaultedRequest, FaultGate
from sandbox.faults.hook_fault_list import HOOK_FAULT_KINDS, HookFaultKind
from sandbox.faults.plugin_faults import PluginFaults
from sandbox.faults.scenario import load_scenario
from sandbox.faults.scenario_rules import FaultRule, HookFaultRule, Scenario

__all__ = [
    "FAULT_KINDS",
    "HEADER",
    "HOOK_FAULT_KINDS",
    "FaultGate",
    "FaultKind",
    "FaultRule",
    "FaultedRequest",
    "HookFaultKind",
    "HookFaultRule",
    "PluginFaults",
    "RequestEffect",
    "Scenario",
    "load_scenario",
]
