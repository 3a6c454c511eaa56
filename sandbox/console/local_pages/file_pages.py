"""Below Edit Plugin: where a watched plugin differs from its plugin.toml, with "Write to file" and "Discard"."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from sandbox.console.console_access import PATH
from sandbox.console.submitted_fields import submitted_fields
from sandbox.instance_state import state_of
from sandbox.plugin_files.file_agreement import compare_with_file, discard_changes, write_to_file
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.plugin_files.file_agreement import FileComparison
    from sandbox.plugin_files.watched_files import WatchedFiles

_SEE_OTHER = 303


def routes() -> list[Route]:
    """Return the routes of the two buttons."""
    return [
        Route("/plugins/{name}/file/write", write, methods=["POST"]),
        Route("/plugins/{name}/file/discard", discard, methods=["POST"]),
    ]


def comparison_of(request: Request, plugin: str) -> FileComparison | None:
    """Compare a plugin with its plugin.toml; None when nobody watches one."""
    file = _watched(request).file_of(plugin)
    return None if file is None else compare_with_file(state_of(request), plugin, file)


async def write(request: Request) -> Response:
    """Write the plugin's settings to its plugin.toml."""
    fields, name = await submitted_fields(request), request.path_params["name"]
    file = _file(request, name)
    await run_in_threadpool(write_to_file, state_of(request), name, file, fields.get("digest", ""))
    return _back(name, f"{file} is written.")


async def discard(request: Request) -> Response:
    """Give the plugin the settings of its plugin.toml."""
    await submitted_fields(request)
    name = request.path_params["name"]
    file = _file(request, name)
    await run_in_threadpool(discard_changes, state_of(request), name, file)
    return _back(name, f"{name} has the settings of {file.name} again.")


def _file(request: Request, name: str) -> Path:
    file = _watched(request).file_of(name)
    if file is None:
        message = f"Nobody watches the plugin.toml of {name[:100]}. Run `biot-plugin dev` in its folder."
        raise ApiError(404, "FILE_NOT_WATCHED", message)
    return file


def _watched(request: Request) -> WatchedFiles:
    watched: WatchedFiles = request.app.state.watched_files
    return watched


def _back(name: str, done: str) -> Response:
    return RedirectResponse(f"{PATH}/plugins/{quote(name)}?done={quote(done)}#plugin-file", _SEE_OTHER)
