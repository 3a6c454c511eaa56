"""What violates the schema, in the kit's own sentences: findings with a message and the next step."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.manifest.finding import Finding, KeyPath, format_key, shorten
from builder.manifest.schema.expected_values import expected_value, schema_at
from builder.manifest.suggestion import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema_rs import ValidationError

    from builder.manifest.schema.json_schema import Schema
    from builder.manifest.text.toml_errors import ExpectedValue

_MAX_SUGGESTIONS = 50


class _Violation(Struct, frozen=True, kw_only=True):
    """A value that violates one keyword of its schema."""

    value: object
    path: KeyPath
    schema: Schema
    expected: ExpectedValue

    @property
    def key(self) -> str:
        return _short_key(self.path)


def describe_wrong_type(path: KeyPath, value: object) -> Finding | None:
    """The finding about a number with a fraction, a date or a time, which no key allows.

    Returns:
        None where a table around the value is unknown: the schema check reports that table.
    """
    schema, expected = schema_at(path), expected_value(path)
    if schema and expected:
        violation = _Violation(value=value, path=path, schema=schema, expected=expected)
        message, hint = _wrong_value(violation)
        return Finding(path=path, message=message, hint=hint, code="manifest-value")
    parent = schema_at(path[:-1])
    if parent is None or "properties" not in parent:
        return None
    return _unknown_key(path[:-1], str(path[-1]), parent, with_suggestion=True)


def describe_violations(error: ValidationError) -> Iterator[Finding]:
    """The findings about one error of the validator."""
    from jsonschema_rs import ValidationErrorKind as Kind

    kind = error.kind
    path: KeyPath = tuple(error.instance_path)
    schema, expected = schema_at(path), expected_value(path)
    if schema is None or expected is None:
        return
    if isinstance(kind, Kind.AdditionalProperties):
        for position, key in enumerate(kind.unexpected):
            yield _unknown_key(path, key, schema, with_suggestion=position < _MAX_SUGGESTIONS)
    elif isinstance(kind, Kind.Required):
        yield _missing_key((*path, kind.property))
    elif isinstance(kind, Kind.PropertyNames):
        message = "The name of an environment must have 1 to 64 characters."
        yield Finding(path=path, message=message, hint="For example [environments.dev].", code="manifest-length")
    elif not (isinstance(error.instance, list) and None in error.instance):  # None replaces a value of a wrong type
        violation = _Violation(value=error.instance, path=path, schema=schema, expected=expected)
        code, describe = _SENTENCES[kind.name]
        message, hint = describe(violation)
        yield Finding(path=path, message=message, hint=hint, code=code)


def _short_key(path: KeyPath) -> str:
    """The key as messages name it: ``version``, ``scripts[0]``."""
    return format_key(path[-2:] if isinstance(path[-1], int) else path[-1:])


def _unknown_key(path: KeyPath, key: str, parent: Schema, *, with_suggestion: bool) -> Finding:
    allowed = sorted(parent["properties"])
    suggestion = suggest(key, allowed) if with_suggestion else ""
    return Finding(
        path=(*path, key),
        message=f"Unknown key {shorten(key) or 'without a name'}.",
        hint=f"Did you mean {suggestion}?" if suggestion else f"Allowed keys: {', '.join(allowed)}.",
        code="manifest-unknown-key",
    )


def _missing_key(path: KeyPath) -> Finding:
    expected = expected_value(path)
    example = f"Add {path[-1]} = {expected.example}." if expected and expected.example else ""
    hint = example or "Add [plugin] with name, displayName, version and runtime."
    return Finding(path=path, message=f"{path[-1]} is missing.", hint=hint, code="manifest-missing-key")


def _wrong_value(violation: _Violation) -> tuple[str, str]:
    return f"{violation.key} must be {violation.expected.description}.", _hint(violation)


def _hint(violation: _Violation) -> str:
    value, name = violation.value, violation.schema.get("type")
    table = format_key(tuple(part for part in violation.path if isinstance(part, str)))
    if name == "object":
        return f"Write [{table}] with single brackets." if isinstance(value, list) else f"Write [{table}]."
    if name == "array" and isinstance(value, dict):
        return f"Write [[{table}]] with double brackets."
    if isinstance(value, str) and (value.isdecimal() if name == "integer" else value in {"true", "false"}):
        return f"Remove the quotes: {violation.path[-1]} = {value}."
    written = "" if isinstance(value, str | list | dict) else str(value).lower()
    return violation.expected.hint(violation.path, written)


def _out_of_range(violation: _Violation) -> tuple[str, str]:
    return f"{violation.key} must be {violation.expected.description}.", ""


def _wrong_length(violation: _Violation) -> tuple[str, str]:
    size = len(str(violation.value))
    if not size:
        return f"{violation.key} must not be empty.", violation.expected.hint(violation.path)
    return f"{violation.key} must have at most {violation.schema['maxLength']} characters; it has {size}.", ""


def _not_an_option(violation: _Violation) -> tuple[str, str]:
    options = {str(option): option for option in violation.schema["enum"]}
    suggestion = suggest(violation.value, list(options)) if isinstance(violation.value, str) else ""
    hint = f"Did you mean {json.dumps(options[suggestion])}?" if suggestion else ""
    return f"{violation.key} must be {violation.expected.description}.", hint


def _too_many_items(violation: _Violation) -> tuple[str, str]:
    size = len(violation.value) if isinstance(violation.value, list) else 0
    return f"{violation.key} must have at most {violation.schema['maxItems']} entries; it has {size}.", ""


def _duplicate_item(violation: _Violation) -> tuple[str, str]:
    items = violation.value if isinstance(violation.value, list) else []
    duplicate = next((item for item, count in Counter(map(str, items)).items() if count > 1), "")
    return f"Duplicate entry in {violation.key}: {shorten(duplicate)}.", "Write each entry once."


_SENTENCES: dict[str, tuple[str, Callable[[_Violation], tuple[str, str]]]] = {
    "type": ("manifest-value", _wrong_value),
    "minimum": ("manifest-value", _out_of_range),
    "maximum": ("manifest-value", _out_of_range),
    "minLength": ("manifest-length", _wrong_length),
    "maxLength": ("manifest-length", _wrong_length),
    "enum": ("manifest-value", _not_an_option),
    "maxItems": ("manifest-length", _too_many_items),
    "uniqueItems": ("manifest-duplicate", _duplicate_item),
}
"""Keyword of the schema -> code, and message and hint for a value that violates it."""
