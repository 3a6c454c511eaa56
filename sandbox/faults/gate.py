"""The gate that faults come through: uvicorn's HTTP protocol with a hand on the socket.

Only a local BioT with a scenario has it; a request that meets no fault goes straight on to the application.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

from builder.platform.limits import NAME_PREFIX
from sandbox.faults.fault_list import FAULT_KINDS, FaultKind
from sandbox.faults.faulty_exchange import FaultEnvironment, FaultyExchange
from sandbox.faults.faulty_responses import error
from sandbox.faults.scenario import FaultRule, Scenario

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from sandbox.clock import Clock
    from sandbox.database import Database
    from sandbox.faults.socket_steps import CompleteResponse

HEADER = b"x-sandbox-fault"
"""The request that carries a kind's name in it meets that fault, whatever the scenario says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultedRequest:
    """One request that met a fault."""

    method: str
    path: str
    kind: str


@dataclass(kw_only=True, slots=True)
class _Run:
    """One scenario as far as it has come."""

    scenario: Scenario
    counts: list[int]
    requests: int = 0
    met: list[FaultedRequest] = field(default_factory=list)
    expired: set[bytes] = field(default_factory=set)
    pending: set[asyncio.Task[CompleteResponse]] = field(default_factory=set)


class FaultGate:
    """Decides which request meets which fault.

    Args:
        scenario: What is to happen.
        database: For the faults that no client of the API could cause.
        clock: For the Date header.

    Attributes:
        sleep: Waits so many seconds; tests have a time of their own.
    """

    def __init__(self, scenario: Scenario, database: Database, clock: Clock) -> None:
        self._database = database
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self._surroundings = FaultEnvironment(
            now=clock.now, burn_version=self._burn_version, keep=self._keep, sleep=self._sleep
        )
        self.play(scenario)

    def play(self, scenario: Scenario) -> None:
        """Begin a scenario; counting starts anew, and tokens that were refused are good again."""
        self._run = _Run(scenario=scenario, counts=[0] * len(scenario.rules))

    @property
    def requests(self) -> int:
        """How many requests came since the scenario began."""
        return self._run.requests

    @property
    def met(self) -> tuple[FaultedRequest, ...]:
        """The requests that met a fault since the scenario began."""
        return tuple(self._run.met)

    @property
    def pending(self) -> int:
        """How many requests are still to take effect although they were answered."""
        return len(self._run.pending)

    def protocol(self) -> type[asyncio.Protocol]:
        """For ``uvicorn.Config(http=…)``."""
        gate = self

        class GatedProtocol(H11Protocol):
            """Knows its connection when the application is called."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
                super().connection_made(transport)
                app = self.app

                async def through(scope: Scope, receive: Receive, send: Send) -> None:
                    rule = gate.rule_for(scope)
                    if rule is None:
                        await app(scope, receive, send)
                        return
                    encounter = FaultyExchange(
                        rule=rule, surroundings=gate._surroundings, connection=self, app=app, scope=scope
                    )
                    await encounter.play(receive, send)

                self.app = through

        return GatedProtocol

    def rule_for(self, scope: Scope) -> FaultRule | None:
        """The fault that a request meets, or None; counts the request."""
        run, headers = self._run, dict(scope["headers"])
        run.requests += 1
        authorization: bytes = headers.get(b"authorization", b"")
        wanted = _asked_for(headers) or _struck(run, scope)
        if wanted is None and authorization in run.expired:
            wanted = FaultRule(kind=FAULT_KINDS["token-refused"])
        if wanted is not None:
            run.met.append(FaultedRequest(method=scope["method"], path=scope["path"], kind=wanted.kind.name))
            if wanted.kind.expires_token and authorization:
                run.expired.add(authorization)
        return wanted

    def _burn_version(self, plugin: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE plugins SET version = version + 1, response = json_set(response, '$.version', version + 1),"
                " config = json_set(config, '$.version', version + 1) WHERE full_name IN (?, ?)",
                (plugin, NAME_PREFIX + plugin),
            )

    async def _sleep(self, seconds: float) -> None:
        await self.sleep(seconds)

    def _keep(self, task: asyncio.Task[CompleteResponse]) -> None:
        pending = self._run.pending
        pending.add(task)
        task.add_done_callback(pending.discard)


def _asked_for(headers: dict[bytes, bytes]) -> FaultRule | None:
    name = headers.get(HEADER, b"").decode("latin-1")
    if not name:
        return None
    if name in FAULT_KINDS:
        return FaultRule(kind=FAULT_KINDS[name])
    message = f"{name} is no kind of fault."
    return FaultRule(kind=FaultKind(name="unknown", description="400", answer=error(400, "UNKNOWN_FAULT", message)))


def _struck(run: _Run, scope: Scope) -> FaultRule | None:
    found = None
    for at, rule in enumerate(run.scenario.rules):
        if rule.applies_to(scope["method"], scope["path"]):
            run.counts[at] += 1
            if found is None and rule.is_due(run.counts[at]):
                found = rule
    return found
