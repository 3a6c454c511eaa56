"""Plugins that meet faults: in the calls that BioT makes to them, and in the requests that they make to BioT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.faults.hook_fault_player import HookFaultPlayer
from sandbox.hooks.function_requests import PREFIX
from sandbox.hooks.hook_reports import ChainEnd, ChainStart
from sandbox.hooks.rules import traces
from sandbox.hooks.rules.called_api import find_called_api
from sandbox.hooks.rules.hook_answers import EndpointAnswer
from sandbox.tokens.signing_keys import UnknownSignatureError

if TYPE_CHECKING:
    from starlette.types import Scope

    from sandbox.faults.scenario_rules import HookFaultRule
    from sandbox.hooks.rules.traces import PluginCall
    from sandbox.hooks.running_hooks import Hooks


@dataclass(frozen=True, kw_only=True, slots=True)
class SendingPlugin:
    """The plugin that sends a request.

    Attributes:
        name: Its full name.
        call: The call of the plugin during which it sends the request; None when it is not known.
    """

    name: str
    call: PluginCall | None


class PluginFaults:
    """Plays faults of calls, and recognizes requests by their ``traceparent`` or by a plugin's own token.

    Args:
        hooks: The hooks of the local BioT.
    """

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def play(self, rules: tuple[HookFaultRule, ...]) -> None:
        """Let calls of plugins meet faults from now on."""
        self._hooks.caller.plan = HookFaultPlayer(rules) if rules else None

    def change(self, rules: tuple[HookFaultRule, ...]) -> None:
        """Play other rules from now on; those that were played before go on counting."""
        counts = self.counts()
        self._hooks.caller.plan = HookFaultPlayer(rules, counts) if rules else None

    def counts(self) -> dict[int, int]:
        """Return how many calls each rule applied to, by the rule's ``id``."""
        plan = self._hooks.caller.plan
        return plan.counts() if isinstance(plan, HookFaultPlayer) else {}

    def sender(self, scope: Scope) -> SendingPlugin | None:
        """Return the plugin that sends a request; None when somebody else does, or BioT calls a plugin."""
        if scope["path"].startswith(PREFIX):
            return None
        headers = dict(scope["headers"])
        owner = self._owner(headers.get(b"authorization", b"").decode("latin-1"))
        span = traces.parse_traceparent(headers.get(traces.HEADER.encode(), b"").decode("latin-1"))
        call = self._hooks.caller.plugin_calls.that_sent(span, owner)
        name = owner or (call.listener if call else "")
        return SendingPlugin(name=name, call=call) if name else None

    def report(self, sender: SendingPlugin, scope: Scope, status: int | None, note: str) -> None:
        """Report a request that met a fault instead of BioT's API, with the status of the answer that it got."""
        chain, clock, observer = uuid4().hex, self._hooks.state.clock, self._hooks.observer
        api, query = find_called_api(scope["method"], scope["path"]), scope["query_string"].decode("latin-1")
        observer.chain_started(
            ChainStart(
                id=chain,
                kind="api",
                title=f"{scope['method']} {scope['path']}{f'?{query}' if query else ''}",
                entity=api.entity if api else "",
                action=api.action if api else "",
                trace_id=(sender.call.span if sender.call else traces.new_span()).trace_id,
                parent_id=sender.call.chain_id if sender.call else "",
                started=clock.now(),
                method=scope["method"],
                headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
                fault=note,
            )
        )
        answer = None if status is None else EndpointAnswer(status=status)
        observer.chain_ended(ChainEnd(id=chain, answer=answer, milliseconds=0))

    def _owner(self, authorization: str) -> str:
        """Return the plugin whose service user has a token; empty when it is somebody else's, or not valid."""
        try:
            claims = self._hooks.state.keys.read(authorization.partition(" ")[2].strip())
        except UnknownSignatureError:
            return ""
        with self._hooks.state.database.read() as connection:
            row = connection.execute(
                "SELECT full_name FROM plugins WHERE service_user_id = ?", (str(claims.get("serviceUserId")),)
            ).fetchone()
        return str(row["full_name"]) if row else ""
