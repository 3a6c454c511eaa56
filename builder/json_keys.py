"""The style of the keys in every JSON document of the kit: camelCase, as in BioT's API, CycloneDX and in-toto."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any


def camel_case(name: str) -> str:
    """``allow_missing`` as ``allowMissing``."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def to_document(value: object) -> Any:  # noqa: ANN401 - whatever JSON has
    """A value as JSON has it: attributes of dataclasses in camelCase, keys of mappings as they are, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {camel_case(field.name): to_document(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: to_document(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_document(item) for item in value]
    return value
