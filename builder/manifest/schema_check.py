"""Keys, types and simple bounds, as schema.json has them, told in the kit's own sentences."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, time
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.manifest.finding import Finding, KeyPath, shorten
from builder.manifest.schema_shortcut import surely_fits
from builder.manifest.suggestion import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jsonschema_rs import ValidationError

SCHEMA_FILE = Path(__file__).with_name("schema.json")
_MOST_ERRORS = 200
_MOST_SUGGESTIONS = 50

# JSON Schema's values are anything that JSON can hold.
Schema = dict[str, Any]


@cache
def schema() -> Schema:
    """The JSON Schema of plugin.toml, as shipped."""
    loaded: Schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded


def check_schema(data: Mapping[str, object]) -> tuple[Finding, ...]:
    """Everything in which the document differs from the schema.

    Args:
        data: What TOML gave, before any rule looked at it.
    """
    foreign = tuple(islice(_foreign_values(data, ()), _MOST_ERRORS))
    if not foreign and surely_fits(data, schema(), schema()):
        return ()
    from jsonschema_rs import Draft202012Validator

    clean = without_invalid_values(data, foreign)
    errors = islice(Draft202012Validator(schema()).iter_errors(clean), _MOST_ERRORS)
    told = {finding.path for finding in foreign}  # what was taken out of the copy is not missing
    findings = (finding for error in errors for finding in _findings(error) if finding.path not in told)
    return (*foreign, *islice(findings, _MOST_ERRORS))


def without_invalid_values(data: Mapping[str, object], findings: tuple[Finding, ...]) -> dict[str, object]:
    """A copy without the values that the findings are about, so that rules can look at all the others.

    An entry of a list becomes None: the ones after it keep their place.
    """
    wrong = {finding.path for finding in findings}
    return {key: _pruned(value, (key,), wrong) for key, value in data.items() if (key,) not in wrong}


def _pruned(value: object, path: KeyPath, wrong: set[KeyPath]) -> object:
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if (*path, key) not in wrong}
        return {key: _pruned(item, (*path, key), wrong) for key, item in kept.items()}
    if isinstance(value, list):
        places = [(*path, index) for index in range(len(value))]
        return [
            None if place in wrong else _pruned(item, place, wrong) for place, item in zip(places, value, strict=True)
        ]
    return value


def _foreign_values(value: object, path: KeyPath) -> Iterator[Finding]:
    """TOML's values that no key of a manifest takes; JSON Schema would count 60.0 as an integer and has no dates."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _foreign_values(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _foreign_values(item, (*path, index))
    elif isinstance(value, float):
        hint = "Write a whole number, or put text in quotes."
        yield Finding(path=path, message=f"{value} is a number with a fraction; no key takes one.", hint=hint)
    elif isinstance(value, datetime | date | time):
        message = f"{value} is a date or time; no key takes one."
        yield Finding(path=path, message=message, hint="If it is meant as text, put it in quotes.")


def _findings(error: ValidationError) -> Iterator[Finding]:
    from jsonschema_rs import ValidationErrorKind as Kind

    kind = error.kind
    path: KeyPath = tuple(error.instance_path)
    around = _schema_at(error.schema_path[:-1])
    if isinstance(kind, Kind.AdditionalProperties):
        for position, key in enumerate(kind.unexpected):
            yield _unknown_key(path, key, around, with_suggestion=position < _MOST_SUGGESTIONS)
    elif isinstance(kind, Kind.Required):
        hint = str(around["properties"][kind.property].get("description", ""))
        yield Finding(path=(*path, kind.property), message=f"{kind.property} is missing.", hint=hint)
    elif isinstance(kind, Kind.PropertyNames):
        yield Finding(path=path, message="A name in this table is empty or longer than 64 characters.")
    else:
        yield Finding(path=path, message=_SENTENCES[kind.name](error.instance, around), hint=_hint(around))


def _unknown_key(path: KeyPath, key: str, around: Schema, *, with_suggestion: bool) -> Finding:
    allowed = sorted(around["properties"])
    suggestion = suggest(key, allowed) if with_suggestion else ""
    return Finding(
        path=(*path, key),
        message=f"There is no key {shorten(key)} here.",
        hint=f"Did you mean {suggestion}?" if suggestion else f"Allowed are {', '.join(allowed)}.",
    )


def _schema_at(path: list[str | int]) -> Schema:
    found: Any = schema()
    for part in path:
        found = found[part]
        while isinstance(found, dict) and "$ref" in found:
            found = _schema_at(found["$ref"].removeprefix("#/").split("/"))
    place: Schema = found
    return place


def _hint(around: Schema) -> str:
    if around.get("type") == "string" and "examples" in around:
        return "For example " + " or ".join(f'"{example}"' for example in around["examples"]) + "."
    return str(around.get("description", ""))


_TYPE_NAMES = {
    "string": "text in quotes",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list in [ ]",
    "object": "a table",
}


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int):
        return "a number"
    return "a list" if isinstance(value, list) else "a table"


def _type(value: object, around: Schema) -> str:
    return f"This must be {_TYPE_NAMES[around['type']]}, and it is {_kind_of(value)}."


def _range(value: object, around: Schema) -> str:
    return f"{shorten(str(value))} is out of bounds: {around['minimum']} to {around['maximum']} is allowed."


def _length(value: object, around: Schema) -> str:
    size = len(str(value))
    if not size:
        return "This is empty."
    return f"This has {size} characters; {around['minLength']} to {around['maxLength']} are allowed."


def _enum(value: object, around: Schema) -> str:
    options = [option if isinstance(option, str) else json.dumps(option) for option in around["enum"]]
    suggestion = suggest(str(value), options) if isinstance(value, str) else ""
    start = f"{shorten(str(value)) or 'An empty text'} is not allowed; it is one of {', '.join(options)}."
    return f"{start} Did you mean {suggestion}?" if suggestion else start


def _max_items(value: object, around: Schema) -> str:
    return f"The list has {_count(value)} entries; at most {around['maxItems']} are allowed."


def _unique_items(value: object, _around: Schema) -> str:
    counts = Counter(str(item) for item in value) if isinstance(value, list) else Counter[str]()
    twice = next((item for item, count in counts.items() if count > 1), "An entry")
    return f"{shorten(twice)} stands there twice; every entry may stand there once."


def _count(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


_SENTENCES: dict[str, Callable[[object, Schema], str]] = {
    "type": _type,
    "minimum": _range,
    "maximum": _range,
    "minLength": _length,
    "maxLength": _length,
    "enum": _enum,
    "maxItems": _max_items,
    "uniqueItems": _unique_items,
}
