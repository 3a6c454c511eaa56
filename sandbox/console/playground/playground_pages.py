"""Playground and replay: pages that cause something, through the same functions as the commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from builder.platform.interceptions import API_IDS
from sandbox.console.console_access import PATH
from sandbox.console.page_rendering import SECURITY_HEADERS, render, render_fragment
from sandbox.console.playground.body_problems import body_problems
from sandbox.console.playground.plugin_fixtures import plugin_fixtures
from sandbox.console.submitted_fields import submitted_fields
from sandbox.data_editing.entity_reading import template_names
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

    from sandbox.console.playground.plugin_fixtures import PluginFixture
    from sandbox.data_editing.entity_editing import TextProblem

_SEE_OTHER = 303
_FIELDS = ("what", "template", "body", "break", "as", "plugin", "times", "fixture")
_WORDS_OF_ACTION = 2
_TIMES_MAX = 100
"""Calls of one form: the page answers when all of them have ended."""


def routes() -> list[Route]:
    """Return the routes of the pages that cause something."""
    return [
        Route("/playground", show_playground, methods=["GET"]),
        Route("/playground", trigger, methods=["POST"]),
        Route("/playground/check", check, methods=["POST"]),
    ]


def show_playground(request: Request) -> Response:
    """The form that triggers an action or an API call, or that sends an event of a plugin."""
    key = request.query_params.get("fixture", "")
    if key:
        return _playground(request, {"fixture": key, "body": _fixture(request, key).body})
    return _playground(request, {"what": request.query_params.get("what", "")})


async def check(request: Request) -> Response:
    """A part of the page: what is wrong with the body, while somebody writes it."""
    fields = await submitted_fields(request)
    problems = await run_in_threadpool(_problems, fields)
    return HTMLResponse(render_fragment("body_problems.html", problems=problems), headers=SECURITY_HEADERS)


def _problems(fields: Mapping[str, str]) -> tuple[TextProblem, ...]:
    is_direct = bool(fields.get("plugin") or fields.get("fixture"))
    return body_problems("" if is_direct else fields.get("what", ""), fields.get("body", ""))


async def trigger(request: Request) -> Response:
    """Trigger what the form says, and show what happened."""
    fields = await submitted_fields(request)
    try:
        wanted = {} if fields.get("plugin") or fields.get("fixture") else _wanted(fields)
        chains = [await _chain(request, fields, wanted) for _ in range(_times(fields))]
    except ApiError as error:
        return await run_in_threadpool(_playground, request, fields, problem=error.message)
    return _to_chain(chains[0] if len(chains) == 1 else None)


async def _chain(request: Request, fields: Mapping[str, str], wanted: Mapping[str, object]) -> Mapping[str, object]:
    """Send once: through BioT, or to the endpoint of a plugin without BioT."""
    app = _app(request)
    if wanted:
        return await trigger_chain(app, request.scope, wanted)
    call = await run_in_threadpool(_direct_call, request, fields)
    return await call_directly(AppRunner(app.state.hook_layer, request.scope), app.state.work, call)


def _direct_call(request: Request, fields: Mapping[str, str]) -> DirectCall:
    """The call of a plugin's endpoint, with one of the plugin's events or with a body alone."""
    key, body = fields.get("fixture", ""), fields.get("body", "")
    fixture = _fixture(request, key) if key else None
    plugin = json.loads(plugin_operations.get(state_of(request), fixture.plugin if fixture else fields["plugin"]))
    if fixture:
        return fixture.call(plugin["endpointUrl"], body, request.app.state.work.hooks.caller.tokens.token_for)
    return DirectCall(
        method="POST",
        path=urlsplit(plugin["endpointUrl"]).path,
        headers={"content-type": "application/json"},
        body=body.encode(),
    )


def _fixture(request: Request, key: str) -> PluginFixture:
    """An event that can be sent, by its plugin and its name."""
    for one in plugin_fixtures(request.app.state.watched_files.files()):
        if one.key == key and not one.problem:
            return one
    message = f"There is no event {key[:100]} of a plugin that `biot-plugin dev` watches."
    raise ApiError(404, "EVENT_NOT_FOUND", message)


def _playground(request: Request, fields: Mapping[str, str], *, problem: str = "") -> Response:
    shown = {name: fields.get(name, "") for name in _FIELDS}
    return render(
        request,
        "playground.html",
        status=400 if problem else 200,
        fields=shown,
        problem=problem,
        problems=_problems(shown),
        fixtures=plugin_fixtures(request.app.state.watched_files.files()),
        templates=template_names(state_of(request).database),
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
