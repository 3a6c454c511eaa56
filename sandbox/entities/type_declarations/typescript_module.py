"""The types of entities as TypeScript declarations, formatted as biome does; JavaScript refers to them in JSDoc."""

from __future__ import annotations

import json
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.entities.type_declarations.declared_types import Choices, Declarations, Field, FieldType, ObjectClass

_WIDTH = 120
_NAMES = {
    "text": "string",
    "whole": "number",
    "decimal": "number",
    "flag": "boolean",
    "object": "Record<string, Unknown>",
    "any": "Unknown",
}
_INTRODUCTION = """/**
 * The entities of BioT, with the attributes that {whom}. Those with a question mark may be missing. Other custom
 * attributes have any type; BioT's own begin with an underscore, and their names are checked.
 *
 * {source}
 */

type Letters<Text> = Text extends `${{infer First}}${{infer Rest}}` ? First | Uppercase<First> | Letters<Rest> : never;

// biome-ignore lint/suspicious/noExplicitAny: nobody knows the type of these values
type Unknown = any;
"""
_BUILT_IN = (
    "the kit knows",
    "`biot-plugin types -e ENVIRONMENT` writes this file again, with the custom attributes of your templates.",
)
_CUSTOM = '  [custom: `${Letters<"abcdefghijklmnopqrstuvwxyz">}${string}`]: Unknown;'


def typescript_module(types: Declarations) -> str:
    """Return the text of ``entities.d.ts``."""
    whom, source = _BUILT_IN
    if types.environment:
        whom = f"{types.environment} has"
        source = f"`biot-plugin types -e {types.environment}` writes this file again, from the environment's templates."
    parts = [_INTRODUCTION.format(whom=whom, source=source), *map(_choices, types.choices), *map(_class, types.classes)]
    return "\n".join(parts)


def _choices(one: Choices) -> str:
    values = [json.dumps(value) for value in one.values]
    line = f"export type {one.name} = {' | '.join(values)};\n"
    if len(line) <= _WIDTH + 1:
        return line
    return f"export type {one.name} =\n" + "\n".join(f"  | {value}" for value in values) + ";\n"


def _class(one: ObjectClass) -> str:
    base = f" extends {one.base}" if one.base else ""
    lines = [f"/** {one.about} */", f"export interface {one.name}{base} {{"]
    for templates, fields in groupby(one.fields, key=lambda field: field.templates):
        if templates:
            text = f"Of the template{'s' if len(templates) > 1 else ''} {', '.join(templates)}:"
            lines += textwrap.wrap(text, _WIDTH, initial_indent="  // ", subsequent_indent="  // ")
        lines += map(_field, fields)
    lines += [_CUSTOM] if one.name == "Entity" else []
    return "\n".join([*lines, "}", ""]) if one.fields else f"{lines[0]}\nexport interface {one.name}{base} {{}}\n"


def _field(field: Field) -> str:
    names = list(dict.fromkeys(_type(one) for one in field.types))
    if not field.required and "Unknown" not in names:
        names.append("null")
    return f"  {field.name}{'' if field.required else '?'}: {' | '.join(names)};"


def _type(one: FieldType) -> str:
    return _NAMES.get(one.kind) or (f"{one.name}[]" if one.kind == "choices" else one.name)
