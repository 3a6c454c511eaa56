"""Every built-in attribute of an entity that the kit knows: of requests, of responses, and of searches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.entities.types.attributes import Attribute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.entities.types.attributes import Kind
    from sandbox.entities.types.entity_description import EntityType, PropertyKind

_TEXTS = tuple(Attribute(name=name, required=True) for name in ("id", "name", "displayName"))
ENTITY = (
    Attribute(name="_id", required=True),
    Attribute(
        name="_template",
        kind="object",
        required=True,
        parts=(*_TEXTS, Attribute(name="parentTemplate", kind="object", parts=_TEXTS)),
    ),
    Attribute(name="_ownerOrganization", kind="reference", required=True),
    Attribute(name="_creationTime", kind="moment"),
    Attribute(name="_lastModifiedTime", kind="moment"),
    Attribute(name="_caption"),
)
"""What the responses of every entity contain."""
REFERENCE = (
    Attribute(name="id", required=True),
    *(Attribute(name=name) for name in ("name", "templateId", "templateName", "organizationId")),
)
"""What responses contain of another entity. Requests contain only its ``id``."""

_OF_EVERY_ENTITY = {one.name for one in ENTITY}
_KINDS: Mapping[PropertyKind, Kind] = {"text": "text", "number": "decimal", "time": "moment", "flag": "flag"}


def built_in_attributes(kind: EntityType) -> tuple[Attribute, ...]:
    """Return the attributes that entities of a type have in addition to those of every entity."""
    known = {one.name: one for one in (*kind.started_attributes, *kind.attributes)}
    if kind.parent:
        known[kind.parent.attribute] = Attribute(name=kind.parent.attribute, kind="reference", required=True)
    for name, value in kind.defaults.items():
        known.setdefault(name, _of_value(name, value))
    parts = tuple(known.values())
    for path, property_kind in kind.searched.items():
        parts = _with_property(parts, path.split("."), _KINDS[property_kind])
    return tuple(one for one in parts if one.name.removesuffix("Id") not in _OF_EVERY_ENTITY and one.name != "_id")


def _of_value(name: str, value: object) -> Attribute:
    if isinstance(value, dict):
        return Attribute(name=name, kind="object", parts=tuple(_of_value(*part) for part in value.items()))
    return Attribute(
        name=name, kind="flag" if isinstance(value, bool) else "whole" if isinstance(value, int) else "text"
    )


def _with_property(parts: tuple[Attribute, ...], path: Sequence[str], kind: Kind) -> tuple[Attribute, ...]:
    """Add what a search can filter by: a response has it too."""
    name, *rest = path
    known = {one.name: one for one in parts}
    if not rest:
        known.setdefault(name, Attribute(name=name, kind=kind))
    elif rest == ["id"] and name not in known:
        known[name] = Attribute(name=name, kind="reference")
    else:
        one = known.get(name, Attribute(name=name, kind="object"))
        known[name] = one if one.kind == "reference" else replace(one, parts=_with_property(one.parts, rest, kind))
    return tuple(known.values())
