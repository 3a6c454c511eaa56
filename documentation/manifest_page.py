"""The reference of plugin.toml, from its JSON Schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from documentation.markdown import cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Schema = Mapping[str, Any]

HEADING = """# Keys of plugin.toml

This page is generated from the JSON Schema that `biot-plugin check` uses. Editors read the same
schema from the first line of a generated plugin.toml. Keys below `[plugin]` are BioT's own; keys
below `[build]` are the kit's. Keys that are marked with * are required.
"""
_TABLE_HEADING = "| key | value and meaning |\n| --- | --- |"
_TYPES = {"string": "text", "integer": "whole number", "boolean": "true or false", "array": "list", "object": "table"}


def manifest_page(schema: Schema) -> str:
    """The page with a section for each table of plugin.toml."""
    tables = schema["properties"]
    parts = [HEADING, "## Outside of all tables { #top }\n", _TABLE_HEADING]
    parts += [_row(key, value, schema, required=False) for key, value in tables.items() if "properties" not in value]
    parts.append("")
    for name in ("plugin", "build"):
        parts += _table(f"[{name}]", tables[name], schema)
    environment = schema["$defs"]["environment"]
    own = {key: value for key, value in environment["properties"].items() if key not in tables["plugin"]["properties"]}
    overrides = ", ".join(f"`{key}`" for key in environment["properties"] if key not in own)
    parts += _table("[environments.NAME]", {**environment, "properties": own, "required": ["baseUrl"]}, schema)
    parts.append(f"The other keys are those of `[plugin]` that can differ: {overrides}.\n")
    return "\n".join(parts)


def _table(header: str, table: Schema, root: Schema) -> Iterator[str]:
    """The section of one table, and of the tables below it."""
    path = header.strip("[]")
    yield f"## {header} {{ #{path.replace('.', '-').lower()} }}\n"
    yield f"{table['description']}\n"
    properties = {key: _resolved(value, root) for key, value in table["properties"].items()}
    rows = [_row(key, value, root, required=key in table.get("required", ())) for key, value in properties.items()]
    yield "\n".join([_TABLE_HEADING, *rows, ""])
    for key, value in properties.items():
        items = _resolved(value.get("items", {}), root)
        if "properties" in value:
            yield from _table(f"[{path}.{key}]", value, root)
        elif "properties" in items:
            yield from _table(f"[[{path}.{key}]]", items, root)


def _row(key: str, value: Schema, root: Schema, *, required: bool) -> str:
    default = f"; default `{cell(json.dumps(value['default']))}`" if "default" in value else ""
    name = f"`{key}`{' *' if required else ''}"
    return f"| {name} | {cell(_value(value, root))}{default}<br>{cell(value['description'])} |"


def _value(value: Schema, root: Schema) -> str:
    """What a key may have, in words."""
    if "enum" in value:
        return ", ".join(f"`{json.dumps(option)}`" for option in value["enum"])
    if "minimum" in value:
        return f"{value['minimum']} to {value['maximum']}"
    text = _TYPES[value["type"]]
    items = _resolved(value.get("items", {}), root)
    if items:
        return "list of tables" if "properties" in items else f"list of {_value(items, root)}"
    if value["type"] == "object" and "properties" not in value:
        return "table of texts"
    return f"{text}, at most {value['maxLength']} characters" if "maxLength" in value else text


def _resolved(value: Schema, root: Schema) -> Schema:
    """The schema behind a ``$ref``."""
    while "$ref" in value:
        target: Any = root
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        value = target
    return value
