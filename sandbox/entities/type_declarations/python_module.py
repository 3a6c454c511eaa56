"""The types of entities as a Python module of TypedDicts, formatted as ruff does."""

from __future__ import annotations

import json
import keyword
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.entities.type_declarations.declared_types import Choices, Declarations, Field, FieldType, ObjectClass

_WIDTH = 120
_NAMES = {"text": "str", "whole": "int", "decimal": "float", "flag": "bool", "object": "dict[str, Any]", "any": "Any"}
_USED = {"str", "int", "float", "bool", "dict", "list", "Any", "Literal", "TypedDict"}
_INTRODUCTION = '''"""The entities of BioT, with the attributes that {whom}.

Any of them may be missing. Read others with ``get``: ``patient.get("shoeSize")``.
{source}
"""

from typing import Any, Literal, TypedDict
'''
_BUILT_IN = (
    "the kit knows",
    "`biot-plugin types -e ENVIRONMENT` writes this file again, with the custom attributes of your templates.",
)


def python_module(types: Declarations) -> str:
    """Return the text of ``entities.py``."""
    whom, source = _BUILT_IN
    if types.environment:
        whom = f"{types.environment} has"
        source = f"`biot-plugin types -e {types.environment}` writes this file again, from the environment's templates."
    introduction = _INTRODUCTION.format(whom=whom, source=source)
    reserved = _USED | {one.name for one in types.choices} | {one.name for one in types.classes}
    choices = "".join(map(_choices, types.choices))
    classes = "\n\n".join(_class(one, reserved) for one in types.classes)
    return f"{introduction}\n{choices}\n\n{classes}"


def _choices(one: Choices) -> str:
    line = f"{one.name} = Literal[{', '.join(map(json.dumps, one.values))}]\n"
    if len(line) <= _WIDTH + 1:
        return line
    values = "".join(f"    {json.dumps(value)},\n" for value in one.values)
    return f"{one.name} = Literal[\n{values}]\n"


def _class(one: ObjectClass, reserved: set[str]) -> str:
    lines = [f"class {one.name}({one.base or 'TypedDict'}, total=False):", f'    """{one.about}"""', ""]
    for templates, fields in groupby(one.fields, key=lambda field: field.templates):
        if templates:
            lines += _comment(f"Of the template{'s' if len(templates) > 1 else ''} {', '.join(templates)}:")
        lines += [line for field in fields for line in _field(field, reserved)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _field(field: Field, reserved: set[str]) -> Iterator[str]:
    if keyword.iskeyword(field.name) or field.name in reserved:
        yield from _comment(f'"{field.name}" cannot be written here; use get("{field.name}").')
        return
    names = [_type(one) for one in field.types]
    if not field.required and "Any" not in names:
        names.append("None")
    yield f"    {field.name}: {' | '.join(names)}"


def _type(one: FieldType) -> str:
    return _NAMES.get(one.kind) or (f"list[{one.name}]" if one.kind == "choices" else one.name)


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="    # ", subsequent_indent="    # ")
