"""Playground and replay: pages that cause something, through the same functions as the commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from builder.platform.interceptions import API_IDS
from sandbox.console.console_access import PATH
from sandbox.console.page_rendering import render
from sandbox.console.submitted_fields import submitted_fields
from sandbox.hooks.asgi_exchange import AppRunner
from sandbox.instance_state import state_of
from sandbox.replay.recorded_calls import DirectCall
from sandbox.replay.routes import call_directly
from sandbox.settings import plugin_operations
from sandbox.trigger.event_breaks import EVENT_BREAKS
from sandbox.trigger.routes import trigger_chain
from sandbox.trigger.trigger_run import SENDERS
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

_SEE_OTHER = 303
_FIELDS = ("what", "template", "body", "break", "as", "plugin", "times")
_WORDS_OF_ACTION = 2
_TIMES_MAX = 100
"""Calls of one form: the page answers when all of them have ended."""


def routes() -> list[Route]:
    """Return the routes of the pages that cause something."""
    return [
        Route("/playground", show_playground, methods=["GET"]),
        Route("/playground", trigger, methods=["POST"]),
    ]


def show_playground(request: Request) -> Response:
    """The form that triggers an action or an API call."""
    return _playground(request, {"what": request.query_params.get("what", "")})


async def trigger(request: Request) -> Response:
    """Trigger what the form says, and show what happened."""
    fields = await submitted_fields(request)
    try:
        wanted = {} if fields.get("plugin") else _wanted(fields)
        chains = [await _chain(request, fields, wanted) for _ in range(_times(fields))]
    except ApiError as error:
        return await run_in_threadpool(_playground, request, fields, problem=error.message)
    return _to_chain(chains[0] if len(chains) == 1 else None)


async def _chain(request: Request, fields: Mapping[str, str], wanted: Mapping[str, object]) -> Mapping[str, object]:
    """Send once: through BioT, or to the endpoint of a plugin without BioT."""
    app = _app(request)
    if not fields.get("plugin"):
        return await trigger_chain(app, request.scope, wanted)
    plugin = json.loads(await run_in_threadpool(plugin_operations.get, state_of(request), fields["plugin"]))
    call = DirectCall(
        method="POST",
        path=urlsplit(plugin["endpointUrl"]).path,
        headers={"content-type": "application/json"},
        body=fields.get("body", "").encode(),
    )
    return await call_directly(AppRunner(app.state.hook_layer, request.scope), app.state.work, call)


def _playground(request: Request, fields: Mapping[str, str], *, problem: str = "") -> Response:
    shown = {name: fields.get(name, "") for name in _FIELDS}
    return render(
        request,
        "playground.html",
        status=400 if problem else 200,
        fields=shown,
        problem=problem,
        actions=[f"{entity} {action}" for entity, actions in ACTIONS_BY_ENTITY.items() for action in actions],
        apis=API_IDS,
        actions_by_entity=ACTIONS_BY_ENTITY,
        breaks=EVENT_BREAKS.values(),
        senders=SENDERS,
        plugins=[plugin["name"] for plugin in json.loads(plugin_operations.search(state_of(request), "{}"))["data"]],
    )


def _wanted(fields: Mapping[str, str]) -> dict[str, object]:
    """The body of a trigger request: an action such as ``patient _create``, or an API call such as ``GET/…``."""
    what = fields.get("what", "").strip()
    more: dict[str, object] = {key: fields[key] for key in ("break", "as") if fields.get(key)}
    body = _json(fields["body"], "body") if fields.get("body", "").strip() else None
    words = what.split()
    if len(words) == _WORDS_OF_ACTION and words[1].startswith("_"):
        template = fields.get("template", "").strip()
        scope = {"templateName": template} if template else {}
        return {"entityTypeName": words[0], "actionName": words[1], "values": body or {}, **scope, **more}
    if not what:
        message = "Choose an action such as patient _create, or write an API call such as GET/device/v2/devices."
        raise bad_request(message)
    return {"call": what.replace(" ", ""), **({} if body is None else {"body": body}), **more}


def _times(fields: Mapping[str, str]) -> int:
    text = fields.get("times", "").strip() or "1"
    if not text.isdecimal() or len(text) > len(str(_TIMES_MAX)) or not 1 <= int(text) <= _TIMES_MAX:
        message = f"Times must be a whole number from 1 to {_TIMES_MAX}."
        raise bad_request(message)
    return int(text)


def _json(text: str, name: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        message = f"{name} is not valid JSON: {getattr(error, 'msg', 'too deep')} in line {line}."
        raise bad_request(message) from error
    return value


def _to_chain(chain: object) -> Response:
    number = chain.get("number") if isinstance(chain, dict) else None
    return RedirectResponse(f"{PATH}/activity" + (f"/{number}" if number else ""), _SEE_OTHER)


def _app(request: Request) -> Starlette:
    app: Starlette = request.app.state.application
    return app
