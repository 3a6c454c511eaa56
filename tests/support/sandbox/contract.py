"""BioT's documented operations, and the check of responses against them.

They are in tests/functional/sandbox: contract.toml, and entities.toml for the operations on entities.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parents[2] / "functional" / "sandbox"
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}

Field = dict[str, Any]
"""``type`` or ``record``; ``required``, ``min`` and ``max`` (for a text its length), ``values``, ``items``."""


@dataclass(frozen=True, kw_only=True)
class DocumentedError:
    """A documented error of an operation; the code is empty if the specification has none."""

    status: int
    code: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DocumentedOperation:
    """An operation as BioT documents it.

    Attributes:
        name: The service and ``operationId``.
        permission: The required permission; empty for a public operation.
        request: The name of the record that is sent as JSON or as ``config``; empty for none.
        answer: The name of the record in the response; empty for none.
    """

    name: str
    method: str
    path: str
    permission: str
    success: int
    request: str
    answer: str
    filters: tuple[str, ...]
    sorts: tuple[str, ...]
    errors: tuple[DocumentedError, ...]

    @property
    def route(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"


@cache
def contract(name: str = "contract") -> dict[str, Any]:
    """Return the content of a file."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


@cache
def operations(name: str = "contract") -> tuple[DocumentedOperation, ...]:
    """Return all documented operations of a file."""
    groups = contract(name).get("groups", {})
    return tuple(_operation(row, groups) for row in contract(name)["operation"])


def record(name: str) -> Mapping[str, Field]:
    """Return the fields of a request or response."""
    records = {**contract("entities")["record"], **contract()["record"]}
    fields: Mapping[str, Field] = records[name]
    return fields


def breaches(value: object, name: str) -> list[str]:
    """Return how a response differs from its record: unknown or missing fields, wrong types, nulls."""
    return list(_record_breaches(value, name))


def _operation(row: Mapping[str, Any], groups: Mapping[str, list[str]]) -> DocumentedOperation:
    errors = [one for text in row["errors"] for one in (groups[text[1:]] if text.startswith("@") else [text])]
    return DocumentedOperation(
        name=f"{row['path'].split('/')[1]}.{row['id']}",
        method=row["method"],
        path=row["path"],
        permission=row.get("permission", ""),
        success=row["success"],
        request=row.get("request", ""),
        answer=row.get("answer", ""),
        filters=tuple(row.get("filters", ())),
        sorts=tuple(row.get("sorts", ())),
        errors=tuple(map(_error, errors)),
    )


def _error(text: str) -> DocumentedError:
    status, code, *details = [*text.split(), ""]
    return DocumentedError(status=int(status), code=code, details=tuple(detail for detail in details if detail))


def _record_breaches(value: object, name: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{name} is not an object"
        return
    fields = record(name)
    yield from (f"{name}.{key} is unknown" for key in value.keys() - fields.keys())
    for key, field in fields.items():
        at = f"{name}.{key}"
        if key not in value:
            yield from [f"{at} is missing"] if field.get("required") else []
        elif value[key] is None:
            yield from [] if at in contract()["nullable"] else [f"{at} is null"]
        else:
            yield from _field_breaches(value[key], field, at)


def _field_breaches(value: object, field: Field, at: str) -> Iterator[str]:
    if "record" in field:
        yield from _record_breaches(value, field["record"]) if "FilterV2" not in field["record"] else ()
    elif not isinstance(value, _TYPES[field["type"]]) or (isinstance(value, bool) and field["type"] != "boolean"):
        yield f"{at} is not of type {field['type']}"
    elif not _fits(value, field):
        yield f"{at} is {value!r}"
    elif isinstance(value, list):
        for item in value:
            yield from _field_breaches(item, field["items"], f"{at}[]")


def _fits(value: Any, field: Field) -> bool:  # noqa: ANN401  # a JSON value
    size = len(value) if isinstance(value, str) else value
    return (
        value in field.get("values", [value])
        and ("min" not in field or size >= field["min"])
        and ("max" not in field or size <= field["max"])
        and _is_format(value, field.get("format", ""))
    )


def _is_format(value: str, name: str) -> bool:
    if name == "uuid":
        return str(UUID(value)) == value.lower()
    if name == "date-time":
        return bool(re.fullmatch(r"[-0-9]{10}T[:.0-9]+Z", value)) and datetime.fromisoformat(value).tzinfo is not None
    return True
