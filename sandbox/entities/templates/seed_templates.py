"""The templates that a new local BioT has: one for each entity type, named like it, with a fixed id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.entities.entity_store import StoredTemplate
from sandbox.entities.types.entity_types import ENTITY_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED_TIME = "2026-01-01T00:00:00.000Z"
"""When the templates and entities of a new local BioT were created, so that every local BioT starts with the same."""
_ORDER = tuple(sorted(ENTITY_TYPES))


def default_template_id(entity_type_name: str) -> str:
    """Return the id of the template that an entity type has from the start."""
    return f"00000000-0000-4000-a000-{_ORDER.index(entity_type_name) + 1:012}"


def default_template_name(entity_type_name: str) -> str:
    """Return its name: that of the type with underscores, because a template's name cannot have hyphens."""
    return entity_type_name.replace("-", "_")


def seed_templates() -> Iterator[StoredTemplate]:
    """Yield the templates, parents first."""
    for kind in sorted(ENTITY_TYPES.values(), key=lambda one: one.parent is not None):
        yield StoredTemplate(
            id=default_template_id(kind.name),
            entity_type_name=kind.name,
            name=default_template_name(kind.name),
            display_name=kind.name.replace("-", " ").capitalize(),
            parent_id=default_template_id(kind.parent.entity_type_name) if kind.parent else None,
            creation_time=SEED_TIME,
            document={},
        )
