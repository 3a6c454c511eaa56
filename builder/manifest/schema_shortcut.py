"""Whether a document surely meets the schema: the usual case, told without loading the validator, which takes 8 ms.

This reads the same schema, and says yes only when every keyword is one that it knows and that holds. Whatever it does
not understand, and everything that is wrong, goes to the validator, which alone finds and tells what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Json: TypeAlias = Any
_Rule: TypeAlias = "Callable[[Json, Json, dict[str, Json], dict[str, Json]], bool]"
"""Value, what the keyword asks for, the schema it stands in, the whole schema."""

_SILENT = frozenset({"$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples"})
"""Keywords that ask for nothing."""

_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def surely_fits(value: Json, schema: dict[str, Json], root: dict[str, Json]) -> bool:
    """Whether a value meets a schema.

    Args:
        value: As TOML gives it.
        schema: For this value.
        root: The whole schema, which references are looked up in.

    Returns:
        True when it does; False when it does not, or when that is not certain.
    """
    return all(
        keyword in _SILENT or (keyword in _RULES and _RULES[keyword](value, asked, schema, root))
        for keyword, asked in schema.items()
    )


def _type(value: Json, asked: Json, _: dict[str, Json], __: dict[str, Json]) -> bool:
    # bool is an int in Python, and none in JSON.
    return asked in _TYPES and isinstance(value, _TYPES[asked]) and isinstance(value, bool) is (asked == "boolean")


def _reference(value: Json, asked: Json, _: dict[str, Json], root: dict[str, Json]) -> bool:
    found: Json = root
    for part in str(asked).removeprefix("#/").split("/"):
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return surely_fits(value, found, root)


def _properties(value: Json, asked: Json, _: dict[str, Json], root: dict[str, Json]) -> bool:
    return isinstance(value, dict) and all(surely_fits(value[key], asked[key], root) for key in asked if key in value)


def _others(value: Json, asked: Json, schema: dict[str, Json], root: dict[str, Json]) -> bool:
    if not isinstance(value, dict):
        return False
    others = value.keys() - schema.get("properties", {}).keys()
    if isinstance(asked, bool):
        return asked or not others
    return all(surely_fits(value[key], asked, root) for key in others)


def _names(value: Json, asked: Json, _: dict[str, Json], root: dict[str, Json]) -> bool:
    return isinstance(value, dict) and all(surely_fits(key, asked, root) for key in value)


def _required(value: Json, asked: Json, _: dict[str, Json], __: dict[str, Json]) -> bool:
    return isinstance(value, dict) and set(asked) <= value.keys()


def _items(value: Json, asked: Json, _: dict[str, Json], root: dict[str, Json]) -> bool:
    return isinstance(value, list) and all(surely_fits(item, asked, root) for item in value)


def _unique(value: Json, asked: Json, _: dict[str, Json], __: dict[str, Json]) -> bool:
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return texts and (asked is False or len(set(value)) == len(value))


def _enum(value: Json, asked: Json, _: dict[str, Json], __: dict[str, Json]) -> bool:
    return any(type(value) is type(one) and value == one for one in asked)  # 1 == True in Python


def _at_least(measure: Callable[[Json], int | None]) -> _Rule:
    return lambda value, asked, _, __: (size := measure(value)) is not None and size >= asked


def _at_most(measure: Callable[[Json], int | None]) -> _Rule:
    return lambda value, asked, _, __: (size := measure(value)) is not None and size <= asked


def _itself(value: Json) -> int | None:
    return value if isinstance(value, int) else None


def _length(value: Json) -> int | None:
    return len(value) if isinstance(value, str | list) else None


_RULES: dict[str, _Rule] = {
    "type": _type,
    "$ref": _reference,
    "properties": _properties,
    "additionalProperties": _others,
    "propertyNames": _names,
    "required": _required,
    "items": _items,
    "uniqueItems": _unique,
    "enum": _enum,
    "minimum": _at_least(_itself),
    "maximum": _at_most(_itself),
    "minLength": _at_least(_length),
    "maxLength": _at_most(_length),
    "maxItems": _at_most(_length),
}
