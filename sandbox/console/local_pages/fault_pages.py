"""Faults: switch them on with a scope, a count and an expiry, and off again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from sandbox.console.console_access import PATH
from sandbox.console.page_rendering import render
from sandbox.console.submitted_fields import submitted_fields
from sandbox.fault_control.routes import active_faults, described_faults
from sandbox.faults.fault_list import FAULT_KINDS
from sandbox.faults.hook_fault_list import HOOK_FAULT_KINDS
from sandbox.faults.scenario import HOOKS, METHODS
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.faults.active_faults import ActiveFaults

_TEXTS = ("kind", "method", "path", "plugin", "hook", "entity")
_NUMBERS = ("request", "times", "seconds", "minutes")
_SEE_OTHER = 303


def routes() -> list[Route]:
    """Return the routes of the page about faults."""
    return [
        Route("/faults", show_faults, methods=["GET"]),
        Route("/faults", switch_on, methods=["POST"]),
        Route("/faults/off", switch_off, methods=["POST"]),
    ]


async def show_faults(request: Request) -> Response:
    """The faults that are on, and the form that switches one on."""
    return _page(request, {"times": "1"})


async def switch_on(request: Request) -> Response:
    """Switch a fault on."""
    fields = await submitted_fields(request)
    try:
        table = _table(fields)
        minutes = table.pop("minutes", None)
        _faults(request).switch_on(table, int(str(minutes)) if minutes is not None else None)
    except ApiError as error:
        return _page(request, fields, problem=error.message)
    return RedirectResponse(f"{PATH}/faults", _SEE_OTHER)


async def switch_off(request: Request) -> Response:
    """Switch one fault off, or all."""
    number = (await submitted_fields(request)).get("number", "")
    if number.isdecimal():
        _faults(request).switch_off(int(number))
    else:
        _faults(request).switch_off_all()
    return RedirectResponse(f"{PATH}/faults", _SEE_OTHER)


def _table(fields: Mapping[str, str]) -> dict[str, object]:
    """The ``[[fault]]`` that a form means."""
    table: dict[str, object] = {name: fields[name].strip() for name in _TEXTS if fields.get(name, "").strip()}
    for name in _NUMBERS:
        if text := fields.get(name, "").strip():
            table[name] = _number(name, text)
    return table


def _number(name: str, text: str) -> int | float:
    try:
        return int(text) if name != "seconds" else float(text)
    except ValueError as error:
        message = f"{name} must be a number."
        raise bad_request(message) from error


def _page(request: Request, fields: Mapping[str, str], *, problem: str = "") -> Response:
    return render(
        request,
        "faults.html",
        status=400 if problem else 200,
        faults=described_faults(request.app.state.application),
        fields={name: fields.get(name, "") for name in (*_TEXTS, *_NUMBERS)},
        problem=problem,
        kinds={"Calls of plugins": HOOK_FAULT_KINDS.values(), "Requests to BioT": FAULT_KINDS.values()},
        methods=METHODS,
        hooks=HOOKS,
        entities=ACTIONS_BY_ENTITY,
    )


def _faults(request: Request) -> ActiveFaults:
    return active_faults(request.app.state.application)
