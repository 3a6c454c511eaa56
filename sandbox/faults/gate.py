"""The fault gate: decides for each request, in front of the application, whether it meets a fault.

A local BioT has it from the first fault on. A request that meets none goes straight to the application.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from builder.platform.limits import NAME_PREFIX
from sandbox.faults.fault_list import FAULT_KINDS, FaultKind, RequestEffect
from sandbox.faults.faulty_exchange import FaultEnvironment, FaultyExchange
from sandbox.faults.faulty_responses import error
from sandbox.faults.scenario_rules import FaultRule, Scenario
from sandbox.hooks.rules.called_api import find_called_api
from sandbox.web.noted_faults import note_fault, noted_fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from sandbox.clock import Clock
    from sandbox.database import Database
    from sandbox.faults.plugin_faults import PluginFaults, SendingPlugin
    from sandbox.faults.socket_steps import CompleteResponse

HEADER = b"x-sandbox-fault"
"""A request with the name of a fault in this header meets that fault, whatever the scenario says."""
_CONSOLE = "/console"


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultedRequest:
    """A request that met a fault."""

    method: str
    path: str
    kind: str


@dataclass(kw_only=True, slots=True)
class _ScenarioRun:
    """The progress of a scenario."""

    scenario: Scenario
    counts: list[int]
    requests: int = 0
    faulted_requests: list[FaultedRequest] = field(default_factory=list)
    expired: set[bytes] = field(default_factory=set)
    pending: set[asyncio.Task[CompleteResponse]] = field(default_factory=set)


class FaultGate:
    """Decides which request meets which fault.

    Args:
        scenario: The faults to play.
        database: For faults that no client of the API could cause.
        clock: For the Date header.
        plugins: Plays the faults of plugins; None when there are none.

    Attributes:
        sleep: Waits for some seconds; tests replace it by virtual time.
    """

    def __init__(
        self, scenario: Scenario, database: Database, clock: Clock, plugins: PluginFaults | None = None
    ) -> None:
        self._database = database
        self._plugins = plugins
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self._environment = FaultEnvironment(
            now=clock.now, raise_version=self._raise_version, track_task=self._track_task, sleep=self._sleep
        )
        self.play(scenario)

    def play(self, scenario: Scenario) -> None:
        """Start a scenario. Request counts start again, and tokens that a fault made expire are valid again."""
        self._run = _ScenarioRun(scenario=scenario, counts=[0] * len(scenario.rules))
        if self._plugins:
            self._plugins.play(scenario.hook_rules)

    @property
    def requests(self) -> int:
        """The number of requests since the scenario started."""
        return self._run.requests

    @property
    def faulted_requests(self) -> tuple[FaultedRequest, ...]:
        """The requests that have met a fault since the scenario started."""
        return tuple(self._run.faulted_requests)

    @property
    def pending(self) -> int:
        """The number of requests that were answered but have not taken effect yet."""
        return len(self._run.pending)

    def change(self, scenario: Scenario) -> None:
        """Play another scenario from now on; rules that were played before go on counting."""
        counts, run = self.counts(), self._run
        run.scenario, run.counts = scenario, [counts.get(id(rule), 0) for rule in scenario.rules]
        if self._plugins:
            self._plugins.change(scenario.hook_rules)

    def counts(self) -> dict[int, int]:
        """Return how many requests or calls each rule applied to, by the rule's ``id``."""
        of_requests = zip(self._run.scenario.rules, self._run.counts, strict=True)
        of_calls = self._plugins.counts() if self._plugins else {}
        return {**{id(rule): count for rule, count in of_requests}, **of_calls}

    def gated(self, app: ASGIApp, connection: H11Protocol) -> ASGIApp:
        """Return an application that answers as another one, or with the fault that a request meets.

        Args:
            app: The application behind the gate.
            connection: Of the client.
        """

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            sender = self.sender_of(scope)
            rule = self.rule_for(scope, sender.name if sender else "")
            if rule is None:
                await app(scope, receive, send)
                return
            note_fault(scope, f"{rule.kind.name}: {rule.kind.description}")
            encounter = FaultyExchange(
                rule=rule,
                environment=self._environment,
                connection=connection,
                app=app,
                scope=scope,
                report=partial(self.report, rule, sender, scope),
            )
            await encounter.play(receive, send)

        return answer

    def sender_of(self, scope: Scope) -> SendingPlugin | None:
        """Return the plugin that sends a request, if a rule of the scenario asks for it."""
        asked = self._plugins and any(rule.plugin for rule in self._run.scenario.rules)
        return self._plugins.sender(scope) if self._plugins and asked else None

    def report(self, rule: FaultRule, sender: SendingPlugin | None, scope: Scope, status: int | None) -> None:
        """Report the fault of a plugin's request, unless the hooks do: they report every API that took effect."""
        is_applied = rule.kind.effect in {RequestEffect.APPLIED, RequestEffect.PARTLY}
        if self._plugins and sender and not (is_applied and find_called_api(scope["method"], scope["path"])):
            self._plugins.report(sender, scope, status, noted_fault(scope))

    def rule_for(self, scope: Scope, plugin: str = "") -> FaultRule | None:
        """Count a request, which a plugin may have sent, and return the fault that it meets, or None."""
        if scope["path"].startswith(_CONSOLE):
            return None  # whoever switches faults off must reach the page for it
        run, headers = self._run, dict(scope["headers"])
        run.requests += 1
        authorization: bytes = headers.get(b"authorization", b"")
        rule = _rule_of_header(headers) or _rule_of_scenario(run, scope, plugin)
        if rule is None and authorization in run.expired:
            rule = FaultRule(kind=FAULT_KINDS["token-refused"])
        if rule is not None:
            run.faulted_requests.append(FaultedRequest(method=scope["method"], path=scope["path"], kind=rule.kind.name))
            if rule.kind.expires_token and authorization:
                run.expired.add(authorization)
        return rule

    def _raise_version(self, plugin: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE plugins SET version = version + 1, response = json_set(response, '$.version', version + 1),"
                " config = json_set(config, '$.version', version + 1) WHERE full_name IN (?, ?)",
                (plugin, NAME_PREFIX + plugin),
            )

    async def _sleep(self, seconds: float) -> None:
        await self.sleep(seconds)

    def _track_task(self, task: asyncio.Task[CompleteResponse]) -> None:
        pending = self._run.pending
        pending.add(task)
        task.add_done_callback(pending.discard)


def _rule_of_header(headers: dict[bytes, bytes]) -> FaultRule | None:
    name = headers.get(HEADER, b"").decode("latin-1")
    if not name:
        return None
    if name in FAULT_KINDS:
        return FaultRule(kind=FAULT_KINDS[name])
    message = f"{name} is not a fault kind."
    return FaultRule(kind=FaultKind(name="unknown", description="400", script=error(400, "UNKNOWN_FAULT", message)))


def _rule_of_scenario(run: _ScenarioRun, scope: Scope, plugin: str) -> FaultRule | None:
    due = None
    for index, rule in enumerate(run.scenario.rules):
        if rule.applies_to(scope["method"], scope["path"], plugin):
            run.counts[index] += 1
            if due is None and rule.is_due(run.counts[index]):
                due = rule
    return due
