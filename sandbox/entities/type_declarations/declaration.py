"""Entity types and the custom attributes of templates as types of a plugin. No I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.entities.type_declarations.built_in_attributes import ENTITY, REFERENCE, built_in_attributes
from sandbox.entities.type_declarations.declared_types import Choices, Declarations, Field, FieldType, ObjectClass
from sandbox.entities.types.attributes import CUSTOM_NAME
from sandbox.entities.types.entity_types import ENTITY_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from builder.platform.entity_apis import CustomAttribute
    from sandbox.entities.type_declarations.declared_types import TypeKind
    from sandbox.entities.types.attributes import Attribute, Kind

_SHARED = {
    "Person": (
        "What patients, caregivers and users of organizations have.",
        ("patient", "caregiver", "organization-user"),
    ),
    "Alert": ("What alerts of patients and of devices have.", ("patient-alert", "device-alert")),
}
"""Classes with the attributes that several entity types have in common."""
_KINDS: Mapping[Kind, TypeKind] = {"whole": "whole", "decimal": "decimal", "flag": "flag", "any": "object"}
_CUSTOM: Mapping[str, FieldType] = {
    **dict.fromkeys(
        ("LABEL", "PARAGRAPH", "PHONE", "EMAIL", "DATE_TIME", "DATE", "TIMEZONE", "LOCALE"), FieldType(kind="text")
    ),
    "INTEGER": FieldType(kind="whole"),
    "DECIMAL": FieldType(kind="decimal"),
    "BOOLEAN": FieldType(kind="flag"),
    "NAME": FieldType(kind="declared", name="Name"),
    "ADDRESS": FieldType(kind="declared", name="Address"),
    "REFERENCE": FieldType(kind="declared", name="Reference"),
}
"""Types of custom attributes. BioT does not document the values of the others, such as FILE."""
_SELECTED: Mapping[str, TypeKind] = {"SINGLE_SELECT": "choice", "MULTI_SELECT": "choices"}


def declare_types(custom: Iterable[CustomAttribute] = (), environment: str = "") -> Declarations:
    """Return the types of all entities.

    Args:
        custom: The custom attributes of an environment's templates. Those that BioT does not allow as a name are left
            out.
        environment: The environment's name; empty without custom attributes.
    """
    return _Writer(environment).declare([one for one in custom if CUSTOM_NAME.fullmatch(one.name)])


def class_name(name: str) -> str:
    """Return the name of a class: ``PatientAlert`` for ``patient-alert``, ``Mfa`` for ``_mfa``."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name))


class _Writer:
    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._choices: dict[str, tuple[str, ...]] = {}
        self._classes: dict[str, ObjectClass] = {}
        # The names of entities stay the same, whatever the custom attributes are called.
        self._reserved = {*map(class_name, ENTITY_TYPES), *_SHARED, "Entity", "Reference"}

    def declare(self, custom: Sequence[CustomAttribute]) -> Declarations:
        self._add("Reference", "Another entity. A request contains only its id.", self._fields("Reference", REFERENCE))
        self._add("Entity", "What every entity has.", self._fields("Entity", ENTITY))
        attributes = {name: built_in_attributes(kind) for name, kind in ENTITY_TYPES.items()}
        bases: dict[str, str] = {}
        for base, (about, names) in _SHARED.items():
            common = [one for one in attributes[names[0]] if all(one in attributes[name] for name in names)]
            self._add(base, about, self._fields(base, common), "Entity")
            attributes |= {name: tuple(one for one in attributes[name] if one not in common) for name in names}
            bases |= dict.fromkeys(names, base)
        built_in = {name: self._fields(class_name(name), each) for name, each in attributes.items()}
        for name, fields in built_in.items():
            own = self._custom_fields(name, [one for one in custom if one.entity_type_name == name])
            about = f"An entity of the type {name}."
            self._add(class_name(name), about, (*fields, *own), bases.get(name, "Entity"))
        choices = tuple(Choices(name=name, values=values) for name, values in self._choices.items())
        return Declarations(choices=choices, classes=tuple(self._classes.values()), environment=self._environment)

    def _add(self, name: str, about: str, fields: tuple[Field, ...], base: str = "") -> None:
        self._classes[name] = ObjectClass(name=name, base=base, about=about, fields=fields)

    def _fields(self, owner: str, attributes: Iterable[Attribute]) -> tuple[Field, ...]:
        return tuple(Field(name=one.name, types=(self._type(owner, one),), required=one.required) for one in attributes)

    def _type(self, owner: str, one: Attribute) -> FieldType:
        if one.kind == "reference":
            return FieldType(kind="declared", name="Reference")
        if one.kind == "object":
            return FieldType(kind="declared", name=self._object(owner, one))
        if one.kind in {"choice", "choices"}:
            return self._choice("choice", owner, one.name, one.choices)
        return FieldType(kind=_KINDS.get(one.kind, "text"))

    def _object(self, owner: str, one: Attribute) -> str:
        fields = self._fields(class_name(one.name), one.parts)
        for known in self._classes.values():
            if known.fields == fields and not known.base:
                return known.name
        name = self._free_name(owner, one.name)
        self._add(name, f"The value of {one.name}.", fields)
        return name

    def _choice(self, kind: TypeKind, owner: str, name: str, values: tuple[str, ...]) -> FieldType:
        if not values or not all(CUSTOM_NAME.fullmatch(value) for value in values):
            return FieldType(kind="text") if kind == "choice" else FieldType(kind="any")
        known = next((known for known, listed in self._choices.items() if listed == values), "")
        chosen = known or self._free_name(owner, name)
        self._choices[chosen] = values
        return FieldType(kind=kind, name=chosen)

    def _free_name(self, owner: str, attribute: str) -> str:
        taken = {*self._classes, *self._choices, *self._reserved}
        name = class_name(attribute)
        names = (name, f"{owner}{name}", *(f"{owner}{name}{number}" for number in range(2, len(taken) + 3)))
        return next(each for each in names if each not in taken)

    def _custom_fields(self, entity: str, custom: Sequence[CustomAttribute]) -> tuple[Field, ...]:
        by_name: dict[str, list[CustomAttribute]] = {}
        for one in custom:
            by_name.setdefault(one.name, []).append(one)
        fields = [
            Field(
                name=name,
                types=tuple(dict.fromkeys(self._custom_type(class_name(entity), one) for one in same)),
                templates=tuple(sorted({one.template for one in same})),
            )
            for name, same in by_name.items()
        ]
        return tuple(sorted(fields, key=lambda field: (field.templates, field.name)))

    def _custom_type(self, owner: str, one: CustomAttribute) -> FieldType:
        if one.type in _SELECTED:
            return self._choice(_SELECTED[one.type], owner, one.name, one.values)
        return _CUSTOM.get(one.type, FieldType(kind="any"))
