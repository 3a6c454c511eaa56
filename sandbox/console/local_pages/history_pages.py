"""History: the versions of a plugin, what changed between two of them, and the way back to one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from sandbox.console.console_access import PATH
from sandbox.console.page_rendering import render
from sandbox.console.submitted_fields import submitted_fields
from sandbox.instance_state import state_of
from sandbox.json_diff import describe
from sandbox.plugin_history.version_history import compare_versions, roll_back, version_of, versions_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_SEE_OTHER = 303
_DIGITS_MAX = 15


def routes() -> list[Route]:
    """Return the routes of the pages about versions."""
    return [
        Route("/plugins/{name}/history", show_history, methods=["GET"]),
        Route("/plugins/{name}/history/back", go_back, methods=["POST"]),
    ]


def show_history(request: Request) -> Response:
    """The versions of a plugin, the newest first, and the changes between two of them."""
    name, query = request.path_params["name"], request.query_params
    state = state_of(request)
    versions = versions_of(state, name)
    known = [one.number for one in versions]
    old = _number(query.get("old", "")) or (known[1] if len(known) > 1 else 0)
    new = _number(query.get("new", "")) or (known[0] if known else 0)
    changes: list[str] | None = None
    if old and new:
        found = compare_versions(version_of(state, name, old), version_of(state, name, new))
        changes = [describe(change) for change in found]
    return render(
        request,
        "history.html",
        plugin=name,
        versions=versions,
        old=old,
        new=new,
        changes=changes,
        done=query.get("done", ""),
    )


async def go_back(request: Request) -> Response:
    """Roll a plugin back."""
    number = _number((await submitted_fields(request)).get("number", ""))
    name = request.path_params["name"]
    await run_in_threadpool(roll_back, state_of(request), name, number)
    done = quote(f"{name} is as it was after change {number}.")
    return RedirectResponse(f"{PATH}/plugins/{quote(name)}/history?done={done}", _SEE_OTHER)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= _DIGITS_MAX else 0
