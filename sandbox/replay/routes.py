"""``POST /sandbox/v1/replay``: make a recorded call again. Not part of BioT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.cron.cron_calls import CronRun, call_on_schedule
from sandbox.entities.entity_calls import EntityChange
from sandbox.hooks.asgi_exchange import AppRunner
from sandbox.hooks.rules import traces
from sandbox.hooks.rules.api_messages import BiotRequest, query_of
from sandbox.instance_state import state_of
from sandbox.replay.recorded_calls import DirectCall, recorded_call
from sandbox.trigger.chain_report import ChainRecorder, describe_chain
from sandbox.trigger.routes import PERMISSION
from sandbox.trigger.trigger_run import TriggerRun, WantedCall
from sandbox.web.authorization import require_permission
from sandbox.web.biot_errors import ApiError
from sandbox.web.request_body import json_body, text_of

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

    from sandbox.background_work import BackgroundWork


def routes() -> list[Route]:
    """Return the routes."""
    return [
        Route("/sandbox/v1/replay", replay, methods=["POST"]),
        Route("/sandbox/v1/published-code", show_published_code, methods=["GET"]),
    ]


def show_published_code(request: Request) -> Response:
    """``GET /sandbox/v1/published-code``: which code each plugin has, to notice that one was published again."""
    require_permission(request, PERMISSION)
    with state_of(request).database.read() as connection:
        rows = connection.execute(
            "SELECT full_name, version, code_sha256, image_digest FROM plugins ORDER BY full_name"
        )
        plugins = [
            {
                "name": row["full_name"],
                "version": row["version"],
                "code": row["code_sha256"] or row["image_digest"] or "",
            }
            for row in rows
        ]
    return JSONResponse({"plugins": plugins})


async def replay(request: Request) -> Response:
    """``POST /sandbox/v1/replay``: the chain ``id`` again; ``body`` replaces the recorded body."""
    await run_in_threadpool(require_permission, request, PERMISSION)
    body = await json_body(request)
    return JSONResponse(await replay_chain(request.app, request.scope, text_of(body, "id"), body.get("body")))


async def replay_chain(app: Starlette, scope: Scope, identifier: str, edited: object = None) -> dict[str, object]:
    """Make a recorded call again.

    Args:
        app: The local BioT.
        scope: Of the request that asks for it.
        identifier: The chain's number or id.
        edited: What to send in place of the recorded body; None sends the recorded one.

    Returns:
        The new chain, with its number in the activity.

    Raises:
        ApiError: 404, there is no such chain; 400, the edited body does not fit.
    """
    work: BackgroundWork | None = app.state.work
    chain = await run_in_threadpool(work.recorder.read, identifier) if work else None
    if work is None or chain is None:
        message = f"There is no activity {identifier[:100]}. It may have been deleted: only the newest ones are kept."
        raise ApiError(404, "ACTIVITY_NOT_FOUND", message)
    repeated = await _repeated(app, scope, work, recorded_call(chain, edited))
    return await run_in_threadpool(work.recorder.numbered, repeated)


async def _repeated(
    app: Starlette, scope: Scope, work: BackgroundWork, call: WantedCall | EntityChange | CronRun | DirectCall
) -> dict[str, Any]:
    run = TriggerRun(app.state.hook_layer, app, scope, None)
    match call:
        case WantedCall():
            return await run.call(call)
        case EntityChange():
            return await run.send(call)
        case CronRun():
            recorder = ChainRecorder(work.hooks.observer)
            await call_on_schedule(work.hooks, call, recorder)
            if recorder.start is None or recorder.end is None:
                msg = "the schedule did not report its chain"
                raise RuntimeError(msg)
            return describe_chain(recorder.start, recorder.steps, recorder.end)
        case DirectCall():
            return await call_directly(AppRunner(app.state.hook_layer, scope), work, call)


async def call_directly(runner: AppRunner, work: BackgroundWork, call: DirectCall) -> dict[str, Any]:
    """Call a plugin's endpoint, and return the chain that this caused."""
    span = traces.new_span()
    path, _, query = call.path.partition("?")
    again = BiotRequest(
        method=call.method,
        path=path,
        query=query_of(query),
        headers={**call.headers, traces.HEADER: span.traceparent},
        body=call.body,
    )
    await runner.run(again)
    chain = await run_in_threadpool(work.recorder.read_trace, span.trace_id)
    if chain is None:
        msg = "the direct call was not recorded"
        raise RuntimeError(msg)
    return chain
