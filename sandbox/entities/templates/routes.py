"""The routes for templates (BioT OpenAPI specification 2.4.2, settings)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import iso
from sandbox.entities.entity_store import EntityStore, StoredTemplate, stored_template
from sandbox.entities.templates.seed_templates import default_template_id
from sandbox.entities.templates.template_schema import check_request
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.instance_state import state_of
from sandbox.search.filters import SearchProperty
from sandbox.search.search_query import SearchableList, run_search, search_request_of
from sandbox.web.authorization import require_permission
from sandbox.web.biot_errors import ApiError, bad_request
from sandbox.web.request_body import json_body

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from starlette.requests import Request

    from sandbox.instance_state import InstanceState

_WITH_PARENT = "(SELECT t.*, p.name AS parent_name, p.display_name AS parent_display_name FROM entity_template t"
TEMPLATES = SearchableList(
    source=f"{_WITH_PARENT} LEFT JOIN entity_template p ON p.id = t.parent_id)",
    columns="*",
    props={
        "id": SearchProperty(column="id"),
        "name": SearchProperty(column="name"),
        "entityTypeName": SearchProperty(column="entity_type_name"),
        "parentTemplateId": SearchProperty(column="parent_id"),
        "parentTemplate.id": SearchProperty(column="parent_id"),
        "ownerOrganizationId": SearchProperty(column="json_extract(document, '$.ownerOrganizationId')"),
        "analyticsDbConfiguration.name": SearchProperty(
            column="json_extract(document, '$.analyticsDbConfiguration.name')"
        ),
        "creationTime": SearchProperty(column="creation_time", kind="time"),
    },
    sortable=frozenset({"id", "entityTypeName", "creationTime"}),
    default_sort="creation_time DESC",
    key="id",
)
_PATH = "/settings/v1/templates"
_NOT_STORED = {"name", "displayName", "entityType", "parentTemplateId"}
"""Fields that have columns of their own."""


def routes() -> list[Route]:
    """Return the routes below ``/settings/v1/templates``."""
    return [
        Route(_PATH, search_templates, methods=["GET"]),
        Route(_PATH, create_template, methods=["POST"]),
        Route(f"{_PATH}/{{templateId}}", get_template, methods=["GET"]),
        Route(f"{_PATH}/{{templateId}}", delete_template, methods=["DELETE"]),
    ]


def search_templates(request: Request) -> Response:
    """``GET /settings/v1/templates``."""
    require_permission(request, "SETTINGS_SEARCH_TEMPLATE")
    text = search_request_of(request.query_params)
    body = run_search(state_of(request).database, TEMPLATES, text, lambda row: json.dumps(_body(row)))
    return Response(body, media_type="application/json")


async def create_template(request: Request) -> Response:
    """``POST /settings/v1/templates``."""
    await run_in_threadpool(require_permission, request, "SETTINGS_CREATE_TEMPLATE")
    body = await json_body(request)
    check_request(body)
    return JSONResponse(await run_in_threadpool(_create, state_of(request), body), status_code=201)


def get_template(request: Request) -> Response:
    """``GET /settings/v1/templates/{templateId}``."""
    require_permission(request, "SETTINGS_GET_TEMPLATE")
    with state_of(request).database.read() as connection:
        return JSONResponse(_body(_row(connection, request.path_params["templateId"])))


def delete_template(request: Request) -> Response:
    """``DELETE /settings/v1/templates/{templateId}``."""
    require_permission(request, "SETTINGS_DELETE_TEMPLATE")
    with state_of(request).database.write() as connection:
        template = stored_template(_row(connection, request.path_params["templateId"]))
        _refuse_deletion(connection, template)
        connection.execute("DELETE FROM entity_template WHERE id = ?", (template.id,))
    return Response(status_code=204)


def _create(state: InstanceState, body: Mapping[str, object]) -> dict[str, object]:
    with state.database.write() as connection:
        store = EntityStore(connection)
        kind, parent = str(body["entityType"]), body.get("parentTemplateId")
        _check_parent(store, kind, parent)
        for other in store.templates_named(kind, str(body["name"])):
            if other.parent_id == parent:
                message = "There is already a template with this name."
                details = {"templateName": other.name, "templateId": other.id}
                raise bad_request(message, "TEMPLATE_DUPLICATE_NAME", details)
        sent = {key: value for key, value in body.items() if key not in _NOT_STORED and value is not None}
        attributes = _with_ids(body["customAttributes"]) if isinstance(body.get("customAttributes"), list) else {}
        template = StoredTemplate(
            id=str(uuid4()),
            entity_type_name=kind,
            name=str(body["name"]),
            display_name=str(body["displayName"]),
            parent_id=str(parent) if parent else None,
            creation_time=iso(state.clock.now()),
            document={**sent, **attributes},
        )
        store.insert_template(template)
        return _body(_row(connection, template.id))


def _check_parent(store: EntityStore, kind: str, parent: object) -> None:
    if kind not in ENTITY_TYPES:
        message = "There is no such entity type."
        raise ApiError(404, "ENTITY_TYPE_NOT_FOUND", message, {"entityTypeName": kind})
    if parent is None:
        return
    expected = ENTITY_TYPES[kind].parent
    if expected is None:
        message = f"Templates for the entity type {kind} have no parent template."
        raise bad_request(message, "ENTITY_DOES_NOT_SUPPORT_PARENT_TEMPLATE", {"entityTypeName": kind})
    template = store.template(str(parent))
    if template is None:
        raise _not_found(str(parent))
    if template.entity_type_name != expected.entity_type_name:
        message = f"The parent template must be for the entity type {expected.entity_type_name}."
        details = {
            "entityTypeName": kind,
            "supportedParentEntityTypeName": expected.entity_type_name,
            "inputtedParentEntityTypeName": template.entity_type_name,
        }
        raise bad_request(message, "PARENT_TEMPLATE_TYPE_NOT_SUPPORTED", details)


def _with_ids(attributes: object) -> dict[str, object]:
    """Give every custom attribute an id, as in BioT's responses."""
    seen: dict[str, str] = {}
    listed = attributes if isinstance(attributes, list) else []
    for one in listed:
        if one["name"] in seen:
            message = "Two custom attributes have the same name."
            details = {"duplicateName": one["name"], "duplicateNameAttributeId": seen[one["name"]]}
            raise bad_request(message, "CUSTOM_ATTRIBUTES_DUPLICATE_NAME", details)
        _check_pattern(one)
        seen[one["name"]] = str(uuid4())
    return {
        "customAttributes": [
            {**one, "id": seen[one["name"]], "category": {"name": one["category"], "displayName": one["category"]}}
            for one in listed
        ]
    }


def _check_pattern(attribute: Mapping[str, object]) -> None:
    rules = attribute.get("validation")
    try:
        re.compile(str(rules.get("regex") or "") if isinstance(rules, dict) else "")
    except re.error as error:
        message = "The regular expression of a custom attribute cannot be read."
        details = {"attributeName": attribute["name"]}
        raise bad_request(message, "VALIDATION_DEFINITION_REGEX_NOT_SUPPORTED", details) from error


def _refuse_deletion(connection: sqlite3.Connection, template: StoredTemplate) -> None:
    if template.id == default_template_id(template.entity_type_name):
        message = "The template that an entity type has from the start cannot be deleted."
        details = {"templateId": template.id, "entityTypeName": template.entity_type_name}
        raise ApiError(403, "TEMPLATE_DELETION_DISALLOWED", message, details)
    if connection.execute("SELECT 1 FROM entity WHERE template_id = ? LIMIT 1", (template.id,)).fetchone():
        message = "There are entities with this template."
        raise ApiError(403, "TEMPLATE_IN_USE_DELETE_TEMPLATE", message, {"templateId": template.id})
    if connection.execute("SELECT 1 FROM entity_template WHERE parent_id = ? LIMIT 1", (template.id,)).fetchone():
        message = "The template is the parent of another template."
        raise ApiError(403, "CHILD_TEMPLATE_IN_USE", message, {"templateId": template.id})


def _row(connection: sqlite3.Connection, identifier: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        f"SELECT * FROM {TEMPLATES.source} WHERE id = ?",  # noqa: S608  # the source is a constant
        (identifier.lower(),),
    ).fetchone()
    if row is None:
        raise _not_found(identifier)
    return row


def _not_found(identifier: str) -> ApiError:
    return ApiError(404, "TEMPLATE_NOT_FOUND", "There is no template with this id.", {"templateId": identifier})


def _body(row: sqlite3.Row) -> dict[str, object]:
    template = stored_template(row)
    body = {
        "customAttributes": [],
        **template.document,
        "id": template.id,
        "name": template.name,
        "displayName": template.display_name,
        "entityTypeName": template.entity_type_name,
        "removable": template.id != default_template_id(template.entity_type_name),
        "creationTime": template.creation_time,
        "lastModifiedTime": row["last_modified_time"],
    }
    if template.parent_id is None:
        return body
    parent = {"id": template.parent_id, "name": row["parent_name"], "displayName": row["parent_display_name"]}
    return {**body, "parentTemplate": parent, "parentTemplateId": template.parent_id}
