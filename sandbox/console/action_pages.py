"""Playground and replay: pages that cause something, through the same functions as the commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from builder.platform.interceptions import API_IDS
from sandbox.console.console_access import PATH
from sandbox.console.page_rendering import render
from sandbox.console.submitted_fields import submitted_fields
from sandbox.replay.routes import replay_chain
from sandbox.trigger.event_breaks import EVENT_BREAKS
from sandbox.trigger.routes import trigger_chain
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

_SEE_OTHER = 303
_WORDS_OF_ACTION = 2


def routes() -> list[Route]:
    """Return the routes of the pages that cause something."""
    return [
        Route("/playground", show_playground, methods=["GET"]),
        Route("/playground", trigger, methods=["POST"]),
        Route("/activity/{id}/replay", replay, methods=["POST"]),
    ]


def show_playground(request: Request) -> Response:
    """The form that triggers an action or an API call."""
    return _playground(request, {"what": request.query_params.get("what", "")})


async def trigger(request: Request) -> Response:
    """Trigger what the form says, and show what happened."""
    fields = await submitted_fields(request)
    try:
        chain = await trigger_chain(_app(request), request.scope, _wanted(fields))
    except ApiError as error:
        return await run_in_threadpool(_playground, request, fields, problem=error.message)
    return _to_chain(chain)


async def replay(request: Request) -> Response:
    """Make a recorded call again, with an edited body if the form has one, and show what happened."""
    fields = await submitted_fields(request)
    edited = _json(fields["body"], "body") if fields.get("body", "").strip() else None
    return _to_chain(await replay_chain(_app(request), request.scope, request.path_params["id"], edited))


def _playground(request: Request, fields: Mapping[str, str], *, problem: str = "") -> Response:
    shown = {name: fields.get(name, "") for name in ("what", "template", "body", "break")}
    return render(
        request,
        "playground.html",
        status=400 if problem else 200,
        fields=shown,
        problem=problem,
        actions=[f"{entity} {action}" for entity, actions in ACTIONS_BY_ENTITY.items() for action in actions],
        apis=API_IDS,
        breaks=EVENT_BREAKS.values(),
    )


def _wanted(fields: Mapping[str, str]) -> dict[str, object]:
    """The body of a trigger request: an action such as ``patient _create``, or an API call such as ``GET/…``."""
    what, broken = fields.get("what", "").strip(), fields.get("break", "")
    more: dict[str, object] = {"break": broken} if broken else {}
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
