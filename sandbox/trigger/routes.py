"""``POST /sandbox/v1/trigger``: cause something that plugins are called for. Not part of BioT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.hooks.rules.api_messages import json_bytes
from sandbox.trigger.event_breaks import find_break
from sandbox.trigger.trigger_plans import check_names
from sandbox.trigger.trigger_run import SENDERS, TriggerRun, WantedAction, WantedCall
from sandbox.web.authorization import require_permission
from sandbox.web.biot_errors import bad_request
from sandbox.web.request_body import json_body, optional_text_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

    from sandbox.activity.activity_recorder import ActivityRecorder

PERMISSION = "SETTINGS_PLUGIN_UPDATE"
"""Whoever may publish plugins may also trigger them."""
_CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE)(/.*)")


def routes() -> list[Route]:
    """Return the route."""
    return [Route("/sandbox/v1/trigger", trigger, methods=["POST"])]


async def trigger(request: Request) -> Response:
    """``POST /sandbox/v1/trigger``: an API call (``call``, ``body``), or an action. ``as`` names the sender."""
    await run_in_threadpool(require_permission, request, PERMISSION)
    return JSONResponse(await trigger_chain(request.app, request.scope, await json_body(request)))


async def trigger_chain(app: Starlette, scope: Scope, body: Mapping[str, object]) -> dict[str, object]:
    """Cause what a request body describes.

    Args:
        app: The local BioT.
        scope: Of the request that asks for it.
        body: As ``POST /sandbox/v1/trigger`` takes it.

    Returns:
        The chain, with its number in the activity if there is one.

    Raises:
        ApiError: 400, the body describes nothing that can be triggered.
    """
    name = optional_text_of(body, "break")
    chosen = find_break(name) if name else None
    sender = optional_text_of(body, "as")
    if sender and sender not in SENDERS:
        message = f"as must be one of {', '.join(SENDERS)}."
        raise bad_request(message)
    run = TriggerRun(app.state.hook_layer, app, scope, chosen, sender)
    chain = await (run.call(_call_of(body)) if "call" in body else run.act(_action_of(body)))
    activity: ActivityRecorder | None = app.state.work and app.state.work.recorder
    return await run_in_threadpool(activity.numbered, chain) if activity else chain


def _call_of(body: Mapping[str, object]) -> WantedCall:
    match = _CALL.fullmatch(text_of(body, "call"))
    if match is None:
        message = "call must be a method directly followed by a path, such as POST/organization/v1/users/patients."
        raise bad_request(message)
    content = body.get("body")
    sent = content.encode() if isinstance(content, str) else json_bytes(content)
    return WantedCall(method=match[1], path=match[2], body=b"" if content is None else sent)


def _action_of(body: Mapping[str, object]) -> WantedAction:
    entity, action = text_of(body, "entityTypeName"), text_of(body, "actionName")
    check_names(entity, action)
    values = body.get("values", {})
    if not isinstance(values, dict):
        message = "values must be an object."
        raise bad_request(message)
    return WantedAction(entity=entity, action=action, template=optional_text_of(body, "templateName"), values=values)
