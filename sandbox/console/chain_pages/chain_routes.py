"""The page of one chain, with everything that can be done with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.activity.step_changes import step_changes
from sandbox.console.chain_pages.chain_points import chain_points, comparable_values, default_points, known_changes
from sandbox.console.chain_pages.chain_steps import chain_steps
from sandbox.console.chain_pages.chain_timeline import chain_timeline
from sandbox.console.chain_pages.copied_calls import copied_calls
from sandbox.console.chain_pages.fixture_pages import watched_folders
from sandbox.console.chain_pages.folded_diff import folded_diff
from sandbox.console.chain_pages.recorded_chain import recorded_chain
from sandbox.console.console_access import PATH
from sandbox.console.page_rendering import SECURITY_HEADERS, render
from sandbox.console.recorded_text import exact_text
from sandbox.console.submitted_fields import submitted_fields
from sandbox.instance_state import state_of
from sandbox.json_diff import diff
from sandbox.replay.routes import replay_chain
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.applications import Starlette
    from starlette.requests import Request

    from sandbox.console.chain_pages.chain_points import ChainPoint

_SEE_OTHER = 303


def routes() -> list[Route]:
    """Return the routes about one chain."""
    return [
        Route("/activity/{id}", show_chain, methods=["GET"]),
        Route("/activity/{id}/message/{point}", show_message, methods=["GET"]),
        Route("/activity/{id}/replay", replay, methods=["POST"]),
    ]


def show_chain(request: Request) -> Response:
    """One chain: when its steps ran, what each changed, two points compared, and why others were not called."""
    chain, query = recorded_chain(request), request.query_params
    other_id = query.get("with", "").strip()
    other = recorded_chain(request, other_id) if other_id else chain
    points, other_points = chain_points(chain), chain_points(other)
    before, after = default_points(chain)
    if other_id:
        before = after
    first, second = _point(points, query.get("from") or before), _point(other_points, query.get("to") or after)
    old, new = comparable_values(first.value, second.value)
    of_steps = [step_changes(step) for step in chain["steps"]]
    known = None if other_id else known_changes(chain, first, second, of_steps)
    changes = diff(old, new) if known is None else known
    lines, left_out = folded_diff(old, changes)
    timeline = chain_timeline(chain)
    return render(
        request,
        "chain.html",
        chain=chain,
        steps=chain_steps(chain, timeline, of_steps),
        cuts=timeline.cuts,
        points=points,
        other_points=other_points,
        other=other_id,
        chosen=(first.key, second.key),
        difference=lines,
        changed=len(changes),
        left_out=left_out,
        folders=watched_folders(request, chain),
        done=query.get("done", ""),
        copies=copied_calls(chain, state_of(request).settings.base_url),
    )


def show_message(request: Request) -> Response:
    """The body of a message as it was written, as text."""
    chain, (step, _, part) = recorded_chain(request), request.path_params["point"].partition("-")
    message: Mapping[str, Any] | None = None
    if step in {"request", "response"}:
        message = chain.get(step)
    elif step.isdecimal() and len(step) < 6 and 0 < int(step) <= len(chain["steps"]):  # noqa: PLR2004 - more digits than any chain has steps
        message = chain["steps"][int(step) - 1]["request" if part == "event" else "response"]
    if message is None:
        raise _no_point()
    return Response(exact_text(message), media_type="text/plain", headers=SECURITY_HEADERS)


async def replay(request: Request) -> Response:
    """Make a recorded call again, with an edited body if the form has one, and show what happened."""
    fields = await submitted_fields(request)
    edited = _json(fields["body"]) if fields.get("body", "").strip() else None
    app: Starlette = request.app.state.application
    chain = await replay_chain(app, request.scope, request.path_params["id"], edited)
    number = chain.get("number")
    return RedirectResponse(f"{PATH}/activity" + (f"/{number}" if number else ""), _SEE_OTHER)


def _json(text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        message = f"body is not valid JSON: {getattr(error, 'msg', 'too deep')} in line {line}."
        raise bad_request(message) from error
    return value


def _point(points: tuple[ChainPoint, ...], key: str) -> ChainPoint:
    for point in points:
        if point.key == key:
            return point
    raise _no_point()


def _no_point() -> ApiError:
    return ApiError(404, "POINT_NOT_FOUND", "The call has no such point. Choose one of those that its page lists.")
