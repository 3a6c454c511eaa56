"""Entities and templates in the database, inside the caller's transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredTemplate:
    """A template: what entities of one type have in common.

    Attributes:
        id: A UUID.
        entity_type_name: The type of its entities.
        name: Its name, which paths and subscriptions use.
        display_name: Its name for people.
        parent_id: The template of the parents of its entities; None without one.
        creation_time: When it was created, in ISO 8601.
        document: Its other fields, as they were sent.
    """

    id: str
    entity_type_name: str
    name: str
    display_name: str
    parent_id: str | None
    creation_time: str
    document: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEntity:
    """An entity.

    Attributes:
        entity_type_name: Its type.
        id: A UUID, or the id that the client chose.
        template_id: Its template.
        creation_time: When it was created, in ISO 8601.
        last_modified_time: When it was last changed.
        attributes: Its attributes. A reference is an object with an ``id`` only.
    """

    entity_type_name: str
    id: str
    template_id: str
    creation_time: str
    last_modified_time: str
    attributes: Mapping[str, object]


def reference_id(attributes: Mapping[str, object], name: str) -> str | None:
    """Return the id in a reference; None without one."""
    value = attributes.get(name)
    return str(value["id"]) if isinstance(value, dict) else None


class EntityStore:
    """The entities and templates of a local BioT.

    Args:
        connection: The transaction. Whoever has it decides whether changes last.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._templates: dict[str, StoredTemplate] = {}

    def find(self, entity_type_name: str, identifier: str) -> StoredEntity | None:
        """Return an entity; None if there is none."""
        row = self._connection.execute(
            "SELECT * FROM entity WHERE entity_type_name = ? AND id = ?", (entity_type_name, identifier)
        ).fetchone()
        return row and stored_entity(row)

    def find_anywhere(self, identifier: str) -> StoredEntity | None:
        """Return the entity of any type with an id."""
        row = self._connection.execute("SELECT * FROM entity WHERE id = ?", (identifier,)).fetchone()
        return row and stored_entity(row)

    def select(self, entity_type_name: str, path: str, value: str) -> Sequence[StoredEntity]:
        """Return the entities of a type that have a value at a JSON path, such as ``$._device.id``."""
        # The path is written into the query, so that SQLite uses an index on the same expression; it is never a
        # caller's text.
        query = f"SELECT * FROM entity WHERE entity_type_name = ? AND json_extract(document, '{path}') = ?"  # noqa: S608
        return [stored_entity(row) for row in self._connection.execute(query, (entity_type_name, value))]

    def of_type(self, entity_type_name: str) -> Sequence[StoredEntity]:
        """Return all entities of a type, the oldest first."""
        query = "SELECT * FROM entity WHERE entity_type_name = ? ORDER BY creation_time, id"
        return [stored_entity(row) for row in self._connection.execute(query, (entity_type_name,))]

    def insert(self, entity: StoredEntity) -> None:
        """Add a new entity."""
        self._connection.execute(
            "INSERT INTO entity (entity_type_name, id, template_id, creation_time, last_modified_time, document)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                entity.entity_type_name,
                entity.id,
                entity.template_id,
                entity.creation_time,
                entity.last_modified_time,
                json.dumps(entity.attributes),
            ),
        )

    def save(self, entity: StoredEntity) -> None:
        """Replace the attributes of an entity."""
        self._connection.execute(
            "UPDATE entity SET last_modified_time = ?, document = ? WHERE entity_type_name = ? AND id = ?",
            (entity.last_modified_time, json.dumps(entity.attributes), entity.entity_type_name, entity.id),
        )

    def delete(self, entity: StoredEntity) -> None:
        """Delete an entity."""
        self._connection.execute(
            "DELETE FROM entity WHERE entity_type_name = ? AND id = ?", (entity.entity_type_name, entity.id)
        )

    def forget(self, deleted: StoredEntity) -> None:
        """Delete the children of a deleted entity and the references of devices to it."""
        parent = f"$._{deleted.entity_type_name}.id"
        if deleted.entity_type_name in {"device", "patient"}:
            self._connection.execute(
                "DELETE FROM entity WHERE json_extract(document, ?) = ? AND entity_type_name IN"
                " ('device-alert', 'patient-alert', 'usage-session', 'command')",
                (parent, deleted.id),
            )
        attribute = {"patient": "$._patient", "registration-code": "$._registrationCode"}.get(deleted.entity_type_name)
        if attribute:
            self._connection.execute(
                "UPDATE entity SET document = json_remove(document, ?)"
                " WHERE entity_type_name = 'device' AND json_extract(document, ?) = ?",
                (attribute, f"{attribute}.id", deleted.id),
            )

    def template(self, identifier: str) -> StoredTemplate | None:
        """Return a template; None if there is none."""
        if identifier not in self._templates:
            row = self._connection.execute("SELECT * FROM entity_template WHERE id = ?", (identifier,)).fetchone()
            if row is None:
                return None
            self._templates[identifier] = stored_template(row)
        return self._templates[identifier]

    def template_of(self, entity: StoredEntity) -> StoredTemplate:
        """Return the template of an entity.

        Raises:
            LookupError: There is none, which the database rules out.
        """
        template = self.template(entity.template_id)
        if template is None:
            raise LookupError(entity.template_id)
        return template

    def templates_named(self, entity_type_name: str, name: str) -> Sequence[StoredTemplate]:
        """Return the templates of an entity type with a name; only those with different parents can be several."""
        rows = self._connection.execute(
            "SELECT * FROM entity_template WHERE entity_type_name = ? AND name = ?", (entity_type_name, name)
        )
        return [stored_template(row) for row in rows]

    def insert_template(self, template: StoredTemplate) -> None:
        """Add a new template."""
        self._connection.execute(
            "INSERT INTO entity_template (id, entity_type_name, name, display_name, parent_id, creation_time,"
            " last_modified_time, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                template.id,
                template.entity_type_name,
                template.name,
                template.display_name,
                template.parent_id,
                template.creation_time,
                template.creation_time,
                json.dumps(template.document),
            ),
        )


def stored_entity(row: sqlite3.Row) -> StoredEntity:
    """Return the entity in a row."""
    return StoredEntity(
        entity_type_name=row["entity_type_name"],
        id=row["id"],
        template_id=row["template_id"],
        creation_time=row["creation_time"],
        last_modified_time=row["last_modified_time"],
        attributes=json.loads(row["document"]),
    )


def stored_template(row: sqlite3.Row) -> StoredTemplate:
    """Return the template in a row."""
    return StoredTemplate(
        id=row["id"],
        entity_type_name=row["entity_type_name"],
        name=row["name"],
        display_name=row["display_name"],
        parent_id=row["parent_id"],
        creation_time=row["creation_time"],
        document=json.loads(row["document"]),
    )
