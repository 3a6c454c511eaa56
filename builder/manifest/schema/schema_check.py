"""Whether a document meets the schema. What explains a violation is imported only when there is one."""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING

from builder.manifest.schema.json_schema import schema
from builder.manifest.schema.schema_shortcut import is_certainly_valid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from builder.manifest.finding import Finding, KeyPath

_MAX_ERRORS = 200


def check_schema(data: Mapping[str, object]) -> tuple[Finding, ...]:
    """Everything in which the document differs from the schema.

    Args:
        data: The document as TOML, before any rule has seen it.
    """
    foreign = dict(_foreign_values(data, ()))
    if not foreign and is_certainly_valid(data, schema(), schema()):
        return ()
    from jsonschema_rs import Draft202012Validator

    from builder.manifest.schema.schema_violations import describe_violations, describe_wrong_type

    clean = without_values(data, foreign.keys())
    errors = islice(Draft202012Validator(schema()).iter_errors(clean), _MAX_ERRORS)
    # What was taken out of the copy is not missing.
    findings = (finding for error in errors for finding in describe_violations(error) if finding.path not in foreign)
    wrong_types = (describe_wrong_type(path, value) for path, value in islice(foreign.items(), _MAX_ERRORS))
    return (*(finding for finding in wrong_types if finding), *islice(findings, _MAX_ERRORS))


def without_values(data: Mapping[str, object], paths: Collection[KeyPath]) -> dict[str, object]:
    """A copy without the values at some paths, so that rules can check all the others.

    An entry of a list becomes None: the entries after it keep their place.
    """
    return {key: _without(value, (key,), paths) for key, value in data.items() if (key,) not in paths}


def _without(value: object, path: KeyPath, paths: Collection[KeyPath]) -> object:
    if isinstance(value, dict):
        return {key: _without(item, (*path, key), paths) for key, item in value.items() if (*path, key) not in paths}
    if isinstance(value, list):
        places = [(*path, index) for index in range(len(value))]
        return [
            None if place in paths else _without(item, place, paths) for place, item in zip(places, value, strict=True)
        ]
    return value


def _foreign_values(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    """Values of types that no key has. JSON Schema would accept 60.0 as an integer, and it has no dates."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _foreign_values(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _foreign_values(item, (*path, index))
    elif isinstance(value, float | datetime | date | time):
        yield path, value
