"""What the types of a plugin consist of, in any language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TypeKind = Literal["text", "whole", "decimal", "flag", "choice", "choices", "declared", "object", "any"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldType:
    """The type of a value.

    Attributes:
        kind: ``declared`` is an object with the fields of another class; an ``object`` has any fields.
        name: The class of a ``declared``; the name of the values of a ``choice`` or of a list of ``choices``.
    """

    kind: TypeKind
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One attribute.

    Attributes:
        name: Its key.
        types: The types that its value can have; several when templates differ.
        required: Whether every response contains it with a value.
        templates: The templates that have this custom attribute, sorted; empty for a built-in attribute.
    """

    name: str
    types: tuple[FieldType, ...]
    required: bool = False
    templates: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectClass:
    """An object with known fields.

    Attributes:
        name: Its name in the plugin's code.
        base: The class whose fields it also has; empty without one.
        about: What it is, as a sentence.
        fields: Its own fields, built-in attributes first.
    """

    name: str
    base: str = ""
    about: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """The values that a text can have."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Declarations:
    """All types of a plugin.

    Attributes:
        choices: The texts with few values.
        classes: The objects; each comes after those that it uses.
        environment: The environment that the custom attributes come from; empty without them.
    """

    choices: tuple[Choices, ...]
    classes: tuple[ObjectClass, ...]
    environment: str = ""
