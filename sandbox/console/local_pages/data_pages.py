"""Data: the entities of the local BioT, as JSON. Every change is a call of BioT's API, so plugins are called for it."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from sandbox.clock import iso
from sandbox.console.console_access import PATH
from sandbox.console.page_rendering import SECURITY_HEADERS, render
from sandbox.console.submitted_fields import submitted_fields
from sandbox.data_editing import entity_editing, entity_reading
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.instance_state import state_of
from sandbox.trigger.routes import trigger_chain
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from sandbox.data_editing.entity_editing import TextProblem

_PAGE_SIZE = 50
_SEEDS_MAX = 50
_SEE_OTHER, _REFUSED = 303, 400


def routes() -> list[Route]:
    """Return the routes of the pages about entities."""
    return [
        Route("/data", list_types, methods=["GET"]),
        Route("/data/export", export, methods=["GET"]),
        Route("/data/{type}", list_entities, methods=["GET"]),
        Route("/data/{type}/export", export, methods=["GET"]),
        Route("/data/{type}/seed", seed, methods=["POST"]),
        Route("/data/{type}/new", show_new, methods=["GET"]),
        Route("/data/{type}/new", create, methods=["POST"]),
        Route("/data/{type}/{id}", show_entity, methods=["GET"]),
        Route("/data/{type}/{id}", update, methods=["POST"]),
        Route("/data/{type}/{id}/delete", delete, methods=["POST"]),
    ]


def list_types(request: Request) -> Response:
    """All entity types with the number of their entities."""
    return render(request, "data.html", types=entity_reading.counted_types(state_of(request).database))


def list_entities(request: Request) -> Response:
    """The entities of a type, or those that a text finds."""
    kind, query = _type(request), request.query_params
    text, page = query.get("text", "").strip(), query.get("page", "0")
    number = int(page) if page.isdecimal() and len(page) < 9 else 0  # noqa: PLR2004 - a row number that SQLite can have
    found = entity_reading.find_entities(state_of(request).database, kind, text, number, _PAGE_SIZE)
    return render(
        request,
        "data_list.html",
        kind=kind,
        entities=found["data"],
        total=found["metadata"]["page"]["totalResults"],
        page=number,
        size=_PAGE_SIZE,
        text=text,
        done=query.get("done", ""),
        seeds=_SEEDS_MAX,
    )


def export(request: Request) -> Response:
    """A JSON file with all entities, or with those of a type."""
    types = [_type(request)] if "type" in request.path_params else list(ENTITY_TYPES)
    exported = entity_reading.exported_entities(state_of(request).database, types)
    name = f"{types[0] if len(types) == 1 else 'entities'}.json"
    headers = {**SECURITY_HEADERS, "content-disposition": f'attachment; filename="{name}"'}
    content = json.dumps(exported, indent=2, ensure_ascii=False)
    return Response(content, media_type="application/json", headers=headers)


def show_new(request: Request) -> Response:
    """The editor of a new entity."""
    now = iso(state_of(request).clock.now())
    return _editor(request, {}, _text(entity_editing.new_entity(_type(request), secrets.token_hex(4), now)))


def show_entity(request: Request) -> Response:
    """The editor of an entity."""
    entity = _entity(request)
    return _editor(request, entity, _text(entity_editing.editable_attributes(_type(request), entity)))


async def create(request: Request) -> Response:
    """Create an entity with the JSON of the form."""
    fields = await submitted_fields(request)
    text, parent = fields.get("json", ""), fields.get("parent", "").strip()
    body, problem = entity_editing.read_object(text)
    return await _change(request, "create", {}, _Edited(text=text, body=body, problem=problem, parent=parent))


async def update(request: Request) -> Response:
    """Change an entity as the JSON of the form says."""
    text = (await submitted_fields(request)).get("json", "")
    entity = await run_in_threadpool(_entity, request)
    edited, problem = entity_editing.read_object(text)
    body = entity_editing.body_of_update(_type(request), entity, edited)
    return await _change(request, "update", entity, _Edited(text=text, body=body, problem=problem))


async def delete(request: Request) -> Response:
    """Delete an entity."""
    await submitted_fields(request)
    entity = await run_in_threadpool(_entity, request)
    text = _text(entity_editing.editable_attributes(_type(request), entity))
    return await _change(request, "delete", entity, _Edited(text=text, body=None))


async def seed(request: Request) -> Response:
    """Create synthetic entities."""
    kind, count = _type(request), (await submitted_fields(request)).get("count", "")
    if not count.isdecimal() or not 1 <= int(count[:4]) <= _SEEDS_MAX:
        message = f"The number must be from 1 to {_SEEDS_MAX}."
        raise bad_request(message)
    actions = ACTIONS_BY_ENTITY.get(kind, ())
    action = next((name for name in ("_create", "_start") if name in actions), "_create")
    for _ in range(int(count)):
        wanted = {"entityTypeName": kind, "actionName": action}
        refusal = _refusal(await trigger_chain(request.app.state.application, request.scope, wanted))
        if refusal:
            raise bad_request(refusal)
    return _back(kind, f"{count} created.")


class _Edited:
    """An edited text and the body that it means; None without one."""

    def __init__(
        self, *, text: str, body: Mapping[str, Any] | None, problem: TextProblem | None = None, parent: str = ""
    ) -> None:
        self.text = text
        self.body = body
        self.problem = problem
        self.parent = parent


async def _change(request: Request, operation: str, entity: Mapping[str, Any], edited: _Edited) -> Response:
    """Call the API for an operation, and show the editor again with its problem if BioT refuses."""
    kind = _type(request)
    api = entity_editing.api_of(kind, operation)
    if api is None:
        message = f"BioT has no API that can {operation} a {kind}."
        raise bad_request(message)
    problem = edited.problem
    if problem is None and (operation != "update" or edited.body):
        call = {"call": entity_editing.call_of(api, entity, edited.parent)}
        sent = call if edited.body is None else {**call, "body": edited.body}
        try:
            refusal = _refusal(await trigger_chain(request.app.state.application, request.scope, sent))
        except ApiError as error:
            refusal = error.message
        problem = entity_editing.located_problem(edited.text, refusal) if refusal else None
    if problem is not None:
        return await run_in_threadpool(_editor, request, entity, edited.text, problem=problem, parent=edited.parent)
    return _back(kind, {"create": "Created.", "update": "Saved.", "delete": "Deleted."}[operation])


def _editor(
    request: Request,
    entity: Mapping[str, Any],
    text: str,
    *,
    problem: TextProblem | None = None,
    parent: str = "",
) -> Response:
    kind = _type(request)
    return render(
        request,
        "data_entity.html",
        status=_REFUSED if problem else 200,
        kind=kind,
        entity=entity,
        text=text,
        problem=problem,
        parent=ENTITY_TYPES[kind].parent,
        parent_id=parent,
        can={name: entity_editing.api_of(kind, name) is not None for name in ("create", "update", "delete")},
    )


def _refusal(chain: Mapping[str, Any]) -> str:
    """Return why a call did not succeed; empty if it did."""
    answer = chain.get("response")
    if answer is None or answer["status"] < _REFUSED:
        return ""
    body = answer["body"]
    message = body.get("message") if isinstance(body, dict) else None
    return f"{answer['status']}: {message or json.dumps(body, ensure_ascii=False)[:500]}"


def _text(attributes: Mapping[str, Any]) -> str:
    return json.dumps(attributes, indent=2, ensure_ascii=False)


def _type(request: Request) -> str:
    return entity_reading.require_type(request.path_params["type"])


def _entity(request: Request) -> dict[str, Any]:
    return entity_reading.read_entity(state_of(request).database, _type(request), request.path_params["id"])


def _back(kind: str, done: str) -> Response:
    return RedirectResponse(f"{PATH}/data/{kind}?done={quote(done)}", _SEE_OTHER)
