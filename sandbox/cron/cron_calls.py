"""Call the function of a plugin as its schedule does: with EventBridge's event, and nobody reads the answer."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.concurrency import run_in_threadpool

from builder.errors import KitError
from builder.platform.limits import NAME_PREFIX
from sandbox.endpoints.called_function import CalledFunction
from sandbox.endpoints.plugin_functions import function_of
from sandbox.hooks.hook_reports import ChainEnd, ChainStart, ChainStep
from sandbox.hooks.hook_requests import HookRequest
from sandbox.hooks.rules import traces
from sandbox.hooks.rules.api_messages import json_bytes
from sandbox.hooks.rules.hook_answers import EndpointAnswer
from sandbox.hooks.rules.planned_faults import CRON, PluginTarget
from sandbox.hooks.rules.traces import PluginCall
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.functions.invocation import Invocation
    from sandbox.hooks.hook_reports import HookObserver
    from sandbox.hooks.rules.planned_faults import HookFault
    from sandbox.hooks.running_hooks import Hooks

ACCOUNT, REGION = "123456789012", "eu-central-1"
"""The synthetic AWS account and the region in events."""
_OK, _FUNCTION_FAILED = 200, 500


@dataclass(frozen=True, kw_only=True, slots=True)
class CronRun:
    """One run of a schedule.

    Attributes:
        plugin: The plugin's full name.
        schedule: Its ``cronSchedule``; empty when it has none.
        time: The time of the run, in UTC.
    """

    plugin: str
    schedule: str
    time: datetime


def scheduled_event(run: CronRun) -> dict[str, object]:
    """Return the event that EventBridge sends (the sample's event of plugin-lambda-seed-python-public 1.5.0)."""
    rule = f"{NAME_PREFIX}{run.plugin.removeprefix(NAME_PREFIX)}-Schedule"
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": f"{run.time:%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }


async def call_on_schedule(hooks: Hooks, run: CronRun, observer: HookObserver | None = None) -> None:
    """Call a plugin for one run, and report it as a chain.

    Calls that the plugin makes meanwhile with its own token belong to this chain: the event has no ``traceparent``.
    """
    informed = observer or hooks.observer
    span, chain, begin = traces.new_span(), uuid4().hex, time.perf_counter()
    body, started = json_bytes(scheduled_event(run)), hooks.state.clock.now()
    informed.chain_started(
        ChainStart(
            id=chain,
            kind="cron",
            title=f"schedule of {run.plugin}, {run.time:%Y-%m-%d %H:%M} UTC",
            trace_id=span.trace_id,
            started=started,
            body=body,
        )
    )
    call = PluginCall(span=span, chain_id=chain, listener=run.plugin)
    plan = hooks.caller.plan
    fault = plan.next_fault(PluginTarget(plugin=run.plugin, hook=CRON)) if plan else None
    hooks.caller.plugin_calls.begin_untraced(call)
    try:
        called, answer, problem = await _called(hooks, run.plugin, body, fault)
    finally:
        hooks.caller.plugin_calls.end_untraced(call)
    milliseconds = (time.perf_counter() - begin) * 1000
    informed.step_done(
        ChainStep(
            chain_id=chain,
            name="CRON",
            endpoint=run.plugin,
            span_id=span.span_id,
            request=HookRequest(headers={}, body=body),
            answer=answer,
            problem=problem,
            started=started,
            milliseconds=milliseconds,
            function=called,
            fault=fault.note if fault else "",
        )
    )
    informed.chain_ended(ChainEnd(id=chain, answer=answer, milliseconds=milliseconds))


async def _called(
    hooks: Hooks, plugin: str, body: bytes, fault: HookFault | None
) -> tuple[CalledFunction | None, EndpointAnswer | None, str]:
    """Return the code that ran, its answer, and what went wrong."""
    state = hooks.state
    try:
        function = await run_in_threadpool(function_of, state.database, plugin)
        call_fault = fault.function if fault else None
        invocation = await asyncio.wrap_future(state.functions.submit(function, body, fault=call_fault))
    except (ApiError, KitError) as error:
        return None, None, error.message
    called = CalledFunction(artifact_sha256=function.artifact_sha256, runtime=function.runtime, invocation=invocation)
    status = _status_of(invocation)
    problem = ""
    if invocation.error:
        problem = f"The function failed: {invocation.error.error_type}: {invocation.error.error_message}"
    elif status >= _FUNCTION_FAILED:
        problem = f"It answered with the status {status}, which nobody reads: EventBridge takes it for a success."
    return called, EndpointAnswer(status=status, body=invocation.payload), problem


def _status_of(invocation: Invocation) -> int:
    """Return the ``statusCode`` in the answer of a function that answers as if by HTTP; 500 when it failed."""
    if invocation.error:
        return _FUNCTION_FAILED
    try:
        answer = json.loads(invocation.payload)
    except ValueError:
        return _OK
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    return status if isinstance(status, int) and not isinstance(status, bool) else _OK
