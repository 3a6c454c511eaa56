"""Read entities for people: a page of a search, one entity, and everything for a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.entities import searching
from sandbox.entities.entity_body import EntityWriter
from sandbox.entities.entity_store import EntityStore
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.database import Database


def require_type(entity_type_name: str) -> str:
    """Return an entity type that exists.

    Raises:
        ApiError: 404, there is none with this name.
    """
    if entity_type_name not in ENTITY_TYPES:
        message = f"There is no entity type {entity_type_name[:100]}. There are {', '.join(ENTITY_TYPES)}."
        raise ApiError(404, "ENTITY_TYPE_NOT_FOUND", message)
    return entity_type_name


def find_entities(database: Database, entity_type_name: str, text: str, page: int, limit: int) -> dict[str, Any]:
    """Return a page of a search as BioT's API answers it.

    Args:
        database: The database.
        entity_type_name: A type that exists.
        text: What the entities contain; empty for all.
        page: From 0.
        limit: The number of entities.
    """
    request = {"page": page, "limit": limit, **({"freeTextSearch": text} if text else {})}
    found: dict[str, Any] = json.loads(searching.search_entities(database, entity_type_name, json.dumps(request), None))
    return found


def read_entity(database: Database, entity_type_name: str, identifier: str) -> dict[str, Any]:
    """Return an entity as BioT's API answers it.

    Raises:
        ApiError: 404, there is none.
    """
    with database.read() as connection:
        store = EntityStore(connection)
        entity = store.find(entity_type_name, identifier)
        if entity is None:
            message = f"There is no {entity_type_name} {identifier[:100]}."
            raise ApiError(404, ENTITY_TYPES[entity_type_name].not_found, message)
        return EntityWriter(store).body(entity)


def template_names(database: Database) -> list[dict[str, str]]:
    """Return the ``name`` and ``entity_type_name`` of every template."""
    query = "SELECT DISTINCT name, entity_type_name FROM entity_template ORDER BY name, entity_type_name"
    with database.read() as connection:
        return [dict(row) for row in connection.execute(query)]


def counted_types(database: Database) -> dict[str, int]:
    """Return the number of entities of every type."""
    with database.read() as connection:
        rows = connection.execute("SELECT entity_type_name, count(*) FROM entity GROUP BY 1").fetchall()
    counts = {row[0]: row[1] for row in rows}
    return {name: counts.get(name, 0) for name in ENTITY_TYPES}


def exported_entities(database: Database, types: Iterable[str]) -> dict[str, list[Any]]:
    """Return all entities of some types, as BioT's API answers them, in one consistent state of the database."""
    with database.read() as connection:
        store = EntityStore(connection)
        writer = EntityWriter(store)
        return {name: [writer.body(entity) for entity in store.of_type(name)] for name in types}
