"""The custom attributes of an environment's templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.platform.entity_apis import CustomAttribute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.publishing.api.client import BiotClient


def fetch_custom_attributes(client: BiotClient) -> tuple[CustomAttribute, ...]:
    """Read the custom attributes of every template, sorted by entity type, template and name.

    Raises:
        Unreachable, NoAnswer, AccessDenied, Refused: As every query.
    """
    found = [one for template in client.templates() for one in _attributes(template)]
    return tuple(sorted(found, key=lambda one: (one.entity_type_name, one.template, one.name)))


def _attributes(template: Mapping[str, object]) -> Iterator[CustomAttribute]:
    for row in _rows(template.get("customAttributes")):
        if row.get("name") and row.get("type"):
            yield CustomAttribute(
                entity_type_name=str(template.get("entityTypeName")),
                template=str(template.get("name")),
                name=str(row["name"]),
                type=str(row["type"]),
                values=tuple(str(value["name"]) for value in _rows(row.get("selectableValues")) if value.get("name")),
            )


def _rows(value: object) -> list[Mapping[str, object]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
