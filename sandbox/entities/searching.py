"""Searches for entities: which properties each type has, and the page of a search."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from sandbox.entities.entity_body import EntityWriter
from sandbox.entities.entity_request import no_template_named
from sandbox.entities.entity_store import EntityStore, stored_entity
from sandbox.entities.types.attributes import CUSTOM_NAME
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.search.filters import SearchProperty, SqlCondition
from sandbox.search.search_query import SearchableList, envelope, find, parse_search

if TYPE_CHECKING:
    from sandbox.database import Database
    from sandbox.entities.types.entity_description import PropertyKind

_TEMPLATE_NAME = "(SELECT t.name FROM entity_template t WHERE t.id = template_id)"
_FIXED = {
    "_id": SearchProperty(column="id"),
    "_templateId": SearchProperty(column="template_id"),
    "_templateName": SearchProperty(column=_TEMPLATE_NAME),
    "_creationTime": SearchProperty(column="creation_time", kind="time"),
    "_lastModifiedTime": SearchProperty(column="last_modified_time", kind="time"),
}
_UNSORTABLE = {"_templateId", "_templateName"}
WITHOUT_TEMPLATE_NAME = {"registration-code"}
"""The specification does not list ``_templateName`` for these."""


class _Properties(Mapping[str, SearchProperty]):
    """The built-in properties of an entity type, and every custom attribute by its name."""

    def __init__(self, built_in: Mapping[str, SearchProperty]) -> None:
        self._built_in = built_in

    def __getitem__(self, name: str) -> SearchProperty:
        if name not in self._built_in and CUSTOM_NAME.fullmatch(name):
            return SearchProperty(column=f"json_extract(document, '$.{name}')", kind="any")
        return self._built_in[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._built_in)

    def __len__(self) -> int:
        return len(self._built_in)


@cache
def searchable_entities(entity_type_name: str) -> SearchableList:
    """Return the list of all entities of a type."""
    fixed = {
        name: prop
        for name, prop in _FIXED.items()
        if name != "_templateName" or entity_type_name not in WITHOUT_TEMPLATE_NAME
    }
    described = ENTITY_TYPES[entity_type_name].searched
    properties = {**fixed, **{name: _property(name, kind) for name, kind in described.items()}}
    return SearchableList(
        source=f"(SELECT * FROM entity WHERE entity_type_name = '{entity_type_name}')",  # noqa: S608  # from the table of types
        columns="*",
        props=_Properties(properties),
        sortable=frozenset(properties.keys() - _UNSORTABLE),
        default_sort="creation_time DESC",
        key="id",
        custom_attributes=True,
    )


def _property(name: str, kind: PropertyKind) -> SearchProperty:
    path = "_ownerOrganization.id" if name == "_ownerOrganizationId" else name
    column = f"json_extract(document, '$.{path}')"
    if kind == "flag":  # JSON's true is 1 in SQLite
        column = f"(CASE {column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
    return SearchProperty(column=column, kind=kind)


def search_entities(database: Database, entity_type_name: str, text: str | None, template_name: str | None) -> str:
    """Return a page of entities as JSON text.

    Args:
        database: The database.
        entity_type_name: The type of the entities.
        text: The ``searchRequest``.
        template_name: The template that all of them must have; None for any.

    Raises:
        ApiError: 400, the request is malformed or uses a property that this list does not have; 404, there is no such
            template.
    """
    searchable = searchable_entities(entity_type_name)
    search = parse_search(text, searchable)
    if template_name is not None:
        of_template = SqlCondition(f"{_TEMPLATE_NAME} = ?", (template_name,))
        search = replace(search, where=SqlCondition.all_of([search.where, of_template]))
    with database.read() as connection:
        store = EntityStore(connection)
        if template_name is not None and not store.templates_named(entity_type_name, template_name):
            raise no_template_named(entity_type_name, template_name)
        page = find(connection, searchable, search)
        writer = EntityWriter(store)
        items = [json.dumps(writer.body(stored_entity(row))) for row in page.rows]
    return envelope(items, page, search)
