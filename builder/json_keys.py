"""The style of the keys in every JSON document of the kit: camelCase, as in BioT's API, CycloneDX and in-toto."""

from __future__ import annotations

from functools import cache
from typing import Any

from msgspec import Struct


@cache
def camel_case(name: str) -> str:
    """``allow_missing`` as ``allowMissing``."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def to_document(value: object) -> Any:  # noqa: ANN401 - whatever JSON has
    """A value as JSON has it: attributes of values in camelCase, keys of mappings as they are, tuples as lists."""
    if isinstance(value, Struct):
        return {camel_case(name): to_document(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: to_document(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_document(item) for item in value]
    return value
