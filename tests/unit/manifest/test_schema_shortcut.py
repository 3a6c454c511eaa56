"""A quick yes must be the validator's yes: thousands of documents, each one step away from a good one."""

from __future__ import annotations

import copy
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema_rs import Draft202012Validator

from builder.manifest.schema.json_schema import schema
from builder.manifest.schema.schema_shortcut import is_certainly_valid

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = """\
[plugin]
name = "age-calculator"
displayName = "Age Calculator"
version = 1
runtime = "python3.13"
handler = "index.handler"
timeout = 30
memorySize = 512
environmentVariables = { A = "1", B = "" }
enabledState = "ENABLED"
cronSchedule = "* * * * *"
deploymentPackageType = "ZIP"
analyticsDbAccess = true
cors = { allowOrigins = ["https://a.example"], allowMethods = ["GET", "PUT"] }

[plugin.subscriptions]
interceptionOrder = 3
interceptions = [{ type = "PRE_REQUEST", apiId = "a", order = 1 }]
notifications = [{ entityTypeName = "patient", actionName = "_create" }]

[build]
root = "."
include = ["a", "b"]
scripts = ["x"]
prune = ["tests"]
recompress = true
precompile = "all"
bundle = false
shared = { "../common" = "common" }
prefer = { "a" = "b" }

[environments.dev]
baseUrl = "https://a.example"
timeout = 10
environmentVariables = { A = "2" }
"""
ODD: tuple[Any, ...] = (
    *(0, 1, -1, 901, 10**30, True, False, "", "a", "x" * 300, "x" * 5000, "GET", "ZIP", "all"),
    *([], ["a"], ["a", "a"], [1], [True, 1], ["a"] * 300, [["a"]], {}, {"a": 1}, {"": "b"}, {"type": "x"}),
)
VALIDATOR = Draft202012Validator(schema())


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - any JSON
    """Every place in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def neighbours(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each value in turn made odd, taken away, or joined by another."""
    for path in places(document):
        for change in (*ODD, "remove", "add"):
            near = copy.deepcopy(document)
            table: Any = near
            for part in path[:-1]:
                table = table[part]
            if change == "remove":
                del table[path[-1]]
            elif change == "add" and isinstance(table[path[-1]], dict):
                table[path[-1]]["strange"] = "a"
            else:
                table[path[-1]] = change
            yield near


def test_the_shortcut_accepts_exactly_what_the_validator_accepts() -> None:
    document = tomllib.loads(FULL)
    near = [document, {}, {"plugin": {}}, *neighbours(document)]
    quick = [is_certainly_valid(one, schema(), schema()) for one in near]
    assert quick == [VALIDATOR.is_valid(one) for one in near]
    assert quick[0]
    assert 150 < sum(quick) < len(quick) - 150


@pytest.mark.parametrize(
    "unknown", [{"pattern": "a"}, {"type": "string", "format": "uri"}, {"type": "number"}, {"$ref": "#/$defs/none"}]
)
def test_an_unknown_keyword_is_never_accepted(unknown: dict[str, Any]) -> None:
    assert not is_certainly_valid("a", unknown, schema())
    assert not is_certainly_valid({"key": "a"}, {"properties": {"key": unknown}}, schema())
