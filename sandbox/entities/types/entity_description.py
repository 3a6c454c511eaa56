"""What the description of an entity type consists of, and the attributes that several types share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sandbox.entities.types.attributes import Attribute

if TYPE_CHECKING:
    from collections.abc import Mapping

PropertyKind = Literal["text", "number", "time", "flag"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityParent:
    """The entity that entities of a type belong to.

    Attributes:
        entity_type_name: Its type.
        parameter: Its path parameter.
        attribute: The attribute that refers to it.
        missing: Status and code of the error when there is no such parent.
        wrong: Status and code of the error when an entity belongs to another parent.
        detail: The key of the parent's id in the details of the error ``wrong``.
        template_error: The error code for a template that is not a child of the parent's template, and the keys of both
            ids in its details; None if this is not checked.
    """

    entity_type_name: str
    parameter: str
    attribute: str
    missing: tuple[int, str]
    wrong: tuple[int, str]
    detail: str
    template_error: tuple[str, str, str] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityType:
    """A type of entities.

    Attributes:
        name: The ``entityTypeName``.
        attributes: The built-in attributes of requests.
        started_attributes: Those of the requests that start one.
        not_found: The error code when there is no entity with an id.
        caption: Paths of the values that make up ``_caption``, joined with a space.
        defaults: The attributes of a new entity that its request leaves out.
        parent: The entity that it belongs to.
        searched: Further properties that searches can filter and sort by, with their kinds.
        own_ids: Whether the client chooses the id; otherwise it is a UUID of the server.
    """

    name: str
    attributes: tuple[Attribute, ...]
    started_attributes: tuple[Attribute, ...] = ()
    not_found: str
    caption: tuple[str, ...] = ("_name",)
    defaults: Mapping[str, object] = field(default_factory=dict)
    parent: EntityParent | None = None
    searched: Mapping[str, PropertyKind] = field(default_factory=dict)
    own_ids: bool = False


PHONE_PATTERN = r"\+[1-9][0-9]{6,14}"
DESCRIPTION = Attribute(name="_description", most=5000)
PHONE = Attribute(name="_phone", pattern=PHONE_PATTERN)
LOCALE = Attribute(name="_locale", kind="locale")
TIMEZONE = Attribute(name="_timezone", kind="timezone")
SHORT_NAME = Attribute(name="_name", least=1, most=64)


def reference(name: str, refers_to: str, *, required: bool = False) -> Attribute:
    """Return an attribute that refers to an entity."""
    identifier = Attribute(name="id", required=True)
    return Attribute(name=name, kind="reference", required=required, parts=(identifier,), refers_to=refers_to)


ALERT_TEMPLATE_ERROR = ("ALERT_TEMPLATE_NOT_CHILD_OF_PARENT_TEMPLATE", "alertTemplateId", "parentTemplateId")
OWNER = reference("_ownerOrganization", "organization")


def texts(*names: str) -> dict[str, PropertyKind]:
    """Return properties for searches whose values are texts."""
    return dict.fromkeys(names, "text")


_ALERT = (
    Attribute(name="_state", kind="choice", choices=("ACTIVE", "CLEARED", "SUSPENDED")),
    Attribute(name="_severity", kind="choice", choices=("CRITICAL", "MAJOR", "MINOR", "INFO")),
    Attribute(name="_clearNotes"),
    SHORT_NAME,
)


def alert_type(parent: EntityParent) -> EntityType:
    """Return the type of the alerts of a device or a patient."""
    return EntityType(
        name=f"{parent.entity_type_name}-alert",
        attributes=_ALERT,
        not_found="ALERT_NOT_FOUND",
        defaults={"_state": "ACTIVE", "_severity": "INFO"},
        parent=parent,
        searched={
            **texts(f"{parent.attribute}.id", "_ownerOrganization.id", "_severity", "_state"),
            "_setDateTime": "time",
            "_clearDateTime": "time",
            **texts("_clearTrigger", "_clearedBy.id", "_clearNotes", "_name"),
        },
    )
