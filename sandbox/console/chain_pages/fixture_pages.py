"""Save as fixture: into the folder of a plugin that ``dev`` watches, or as a download."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from builder.errors import KitError, SandboxError
from sandbox.console.chain_pages.recorded_chain import recorded_chain
from sandbox.console.console_access import PATH
from sandbox.console.page_rendering import SECURITY_HEADERS
from sandbox.console.submitted_fields import submitted_fields
from sandbox.event_files.fixture_files import write_fixture
from sandbox.event_files.saved_events import saved_event
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.requests import Request

    from sandbox.event_files.saved_events import SavedEvent
    from sandbox.plugin_files.watched_files import WatchedFiles

_SEE_OTHER = 303
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


def routes() -> list[Route]:
    """Return the routes."""
    return [
        Route("/activity/{id}/event", download_event, methods=["GET"]),
        Route("/activity/{id}/event", save_event, methods=["POST"]),
    ]


def watched_folders(request: Request, chain: Mapping[str, Any]) -> dict[str, Path]:
    """The folders of those plugins of a chain that ``dev`` watches, by the name of the plugin."""
    watched: WatchedFiles = request.app.state.watched_files
    listeners = {step["listener"] for step in chain["steps"] if step["listener"]}
    return {listener: file.parent for listener in listeners if (file := watched.file_of(listener))}


def download_event(request: Request) -> Response:
    """An event for the plugin's folder ``events``, as ``biot-plugin activity save`` writes it."""
    chain = recorded_chain(request)
    saved = _saved(chain, request.query_params.get("step", "1"))
    text = json.dumps(saved.event, indent=2, ensure_ascii=False) + "\n"
    headers = {**SECURITY_HEADERS, "content-disposition": f'attachment; filename="{saved.name}.json"'}
    return Response(text, media_type="application/json", headers=headers)


async def save_event(request: Request) -> Response:
    """Write an event and its test into the folder of the plugin."""
    fields = await submitted_fields(request)
    done = await run_in_threadpool(_save, request, fields)
    number = quote(request.path_params["id"])
    return RedirectResponse(f"{PATH}/activity/{number}?done={quote(done)}#event", _SEE_OTHER)


def _save(request: Request, fields: Mapping[str, str]) -> str:
    """Write the files, and say which."""
    chain, name = recorded_chain(request), fields.get("name", "").strip()
    saved = _saved(chain, fields.get("step", "1"))
    folder = watched_folders(request, chain).get(saved.listener)
    if folder is None:
        message = f"Nobody watches the folder of {saved.listener}. Run `biot-plugin dev` there."
        raise ApiError(404, "FILE_NOT_WATCHED", message)
    if not _NAME.fullmatch(name):
        message = f"{name[:100]!r} is not the name of a file: use letters, digits, - and _."
        raise bad_request(message)
    try:
        is_replaced = fields.get("replace") == "true"
        written = write_fixture(folder, replace(saved, name=name), chain["number"], replace=is_replaced)
    except FileExistsError as error:
        message = f"{error} exists already. Choose another name, or replace the older one."
        raise ApiError(409, "FILE_EXISTS", message) from error
    except KitError as error:
        raise bad_request(f"{error} {error.hint}".strip()) from error
    files = " and ".join(str(file) for file in written.files)
    return f"{files} {'are' if written.test else 'is'} written."


def _saved(chain: Mapping[str, Any], step: str) -> SavedEvent:
    if not step.isdecimal() or len(step) > 5:  # noqa: PLR2004 - more digits than any chain has steps
        message = "step must be the number of a call of a plugin."
        raise bad_request(message)
    try:
        return saved_event(chain, step_number=int(step))
    except SandboxError as error:
        raise bad_request(str(error)) from error
