"""What plugin.toml allows as the value of a key, in words and with an example, for messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from builder.manifest.schema.json_schema import Schema, schema
from builder.manifest.text.toml_errors import ExpectedValue

if TYPE_CHECKING:
    from builder.manifest.finding import KeyPath

_EXAMPLES: dict[str, object] = {
    "name": "age-calculator",
    "displayName": "Age Calculator",
    "version": 1,
    "imageTag": "1.4.0",
    "interceptionOrder": 10,
    "order": 10,
    "type": "PRE_REQUEST",
    "templateName": "pump",
    "allowOrigins": ["https://portal.example.com"],
    "exposeHeaders": ["x-request-id"],
    "baseUrl": "https://api.dev.example.com",
    "requirements": "requirements.txt",
    "include": ["data/*.json"],
    "exclude": ["drafts/"],
    "scripts": ["ruff"],
    "prune": ["tests"],
    "allow-sdist": ["docopt"],
}
"""Values for hints, of keys for which the schema has no example and no useful default."""


def schema_at(path: KeyPath) -> Schema | None:
    """The schema of the value at a key path, or None for a key that plugin.toml does not have."""
    current: Schema | None = schema()
    for part in path:
        if current is None:
            return None
        current = _child(current, part)
    return current


def _child(parent: Schema, part: str | int) -> Schema | None:
    if isinstance(part, int):
        child = parent.get("items")
    else:
        child = parent.get("properties", {}).get(part, parent.get("additionalProperties"))
    return _resolved(child) if isinstance(child, dict) else None


def _resolved(unresolved: Schema) -> Schema:
    """The schema with its ``$ref`` replaced by what it refers to."""
    if "$ref" not in unresolved:
        return unresolved
    target: Any = schema()
    for part in unresolved["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return {**_resolved(target), **{key: value for key, value in unresolved.items() if key != "$ref"}}


def expected_value(path: KeyPath) -> ExpectedValue | None:
    """What the value at a key path must be, or None for a key that plugin.toml does not have."""
    described = schema_at(path)
    if described is None:
        return None
    example = _example(path, described)
    return ExpectedValue(
        description=_description(described),
        is_text=described.get("type") == "string",
        example="" if example is None else json.dumps(example, ensure_ascii=False),
    )


def _example(path: KeyPath, described: Schema) -> object:
    if not path or isinstance(path[-1], int) or described.get("type") == "object":
        return None
    options = described.get("enum", ())
    examples = (_EXAMPLES.get(path[-1]), *described.get("examples", ()), described.get("default"), *options)
    return next((example for example in examples if example not in (None, [], {})), None)


def _description(described: Schema) -> str:
    if "enum" in described:
        *others, last = (json.dumps(option) for option in described["enum"])
        return f"{', '.join(others)} or {last}"
    if described["type"] == "integer":
        return f"a whole number from {described['minimum']} to {described['maximum']}"
    return {
        "string": "text in quotes",
        "boolean": "true or false",
        "array": "a list in [ ]",
        "object": "a table",
    }[described["type"]]
