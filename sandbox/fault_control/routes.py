"""``/sandbox/v1/faults``: the faults that are on, for the kit's own tools. Not part of BioT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.trigger.routes import PERMISSION
from sandbox.web.authorization import require_permission
from sandbox.web.biot_errors import ApiError, bad_request
from sandbox.web.request_body import json_body

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.fault_control.fault_switch import FaultSwitch
    from sandbox.faults.active_faults import ActiveFaults


def routes() -> list[Route]:
    """Return the routes."""
    return [
        Route("/sandbox/v1/faults", list_faults, methods=["GET"]),
        Route("/sandbox/v1/faults", add_fault, methods=["POST"]),
        Route("/sandbox/v1/faults", remove_faults, methods=["DELETE"]),
        Route("/sandbox/v1/faults/{number:int}", remove_fault, methods=["DELETE"]),
    ]


async def list_faults(request: Request) -> Response:
    """``GET``: the faults that are on."""
    return await _described(request)


async def add_fault(request: Request) -> Response:
    """``POST``: switch a fault on; the body is one ``[[fault]]`` of a scenario, and optional ``minutes``."""
    await run_in_threadpool(require_permission, request, PERMISSION)
    table = dict(await json_body(request))
    minutes = table.pop("minutes", None)
    if not isinstance(minutes, int | None) or isinstance(minutes, bool):
        message = "minutes must be a whole number."
        raise bad_request(message)
    active_faults(request.app).switch_on(table, minutes)
    return await _described(request)


async def remove_fault(request: Request) -> Response:
    """``DELETE`` with a number: switch a fault off."""
    await run_in_threadpool(require_permission, request, PERMISSION)
    active_faults(request.app).switch_off(request.path_params["number"])
    return await _described(request)


async def remove_faults(request: Request) -> Response:
    """``DELETE``: switch every fault off."""
    await run_in_threadpool(require_permission, request, PERMISSION)
    active_faults(request.app).switch_off_all()
    return await _described(request)


def active_faults(app: Starlette) -> ActiveFaults:
    """Return the faults of a running local BioT, to switch them on or off.

    Raises:
        ApiError: 404, it only answers requests.
    """
    return _switch(app).faults()


def described_faults(app: Starlette) -> list[dict[str, object]]:
    """Return the faults that are on, as JSON. Raises as ``active_faults``."""
    return _switch(app).described()


async def _described(request: Request) -> Response:
    await run_in_threadpool(require_permission, request, PERMISSION)
    return JSONResponse({"faults": described_faults(request.app)})


def _switch(app: Starlette) -> FaultSwitch:
    work = app.state.work
    if work is None:
        raise ApiError(404, "FAULT_NOT_FOUND", "This local BioT plays no faults.")
    switch: FaultSwitch = work.faults
    return switch
