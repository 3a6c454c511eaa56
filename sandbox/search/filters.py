"""The ``filter`` of a search request as an SQL condition with parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from sandbox.clock import iso
from sandbox.web.biot_errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Value = str | int | float

DEPTH_MAX = 5
_CONDITIONS_MAX = 200
_VALUES_MAX = 1_000
"""The kit's choices: SQLite bounds how large a condition may be."""

INTEGER_BOUND = 1 << 63
"""SQLite's integers are smaller than this."""
NUMBER_AS_TEXT = r"-?[0-9]{1,18}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchProperty:
    """What can be filtered by.

    Attributes:
        column: The column, or an expression over columns.
        kind: Decides which operators there are. Times are stored as ``sandbox.clock.iso`` writes them; the column of a
            flag gives ``true`` or ``false`` as text.
    """

    column: str
    kind: Literal["text", "number", "time", "flag"] = "text"


@dataclass(frozen=True, slots=True)
class SqlCondition:
    """A piece of a WHERE clause and the values of its question marks."""

    sql: str
    parameters: tuple[Value, ...] = ()

    @classmethod
    def all_of(cls, conditions: Iterable[SqlCondition]) -> SqlCondition:
        """True when all are; without any, always true."""
        return cls._joined(conditions, "AND", "TRUE")

    @classmethod
    def any_of(cls, conditions: Iterable[SqlCondition]) -> SqlCondition:
        """True when one is; without any, always true: an empty filter filters nothing."""
        return cls._joined(conditions, "OR", "TRUE")

    @classmethod
    def _joined(cls, conditions: Iterable[SqlCondition], word: str, empty: str) -> SqlCondition:
        parts = [part for part in conditions if part.sql != "TRUE"]
        if not parts:
            return cls(empty)
        values = tuple(value for part in parts for value in part.parameters)
        return cls(f"({f' {word} '.join(part.sql for part in parts)})", values)


def parse_filter(filters: object, props: Mapping[str, SearchProperty]) -> SqlCondition:
    """What a ``filter`` object asks for.

    Args:
        filters: Conditions by property name; ``$AND``, ``$OR`` and ``$NOT`` hold a nested ``filter`` each.
        props: The properties that there are.

    Raises:
        ApiError: 400, an unknown property or operator, or a value that the operator cannot take.
    """
    found = _Reader(props).read(filters, 1)
    if len(found.parameters) > _VALUES_MAX:
        msg = f"The filter holds {len(found.parameters)} values; {_VALUES_MAX} are allowed."
        raise bad_request(msg)
    return found


class _Reader:
    def __init__(self, props: Mapping[str, SearchProperty]) -> None:
        self._props = props
        self._seen = 0

    def read(self, filters: object, depth: int) -> SqlCondition:
        return SqlCondition.all_of(self._parts(filters, depth))

    def _parts(self, filters: object, depth: int) -> list[SqlCondition]:
        if not isinstance(filters, dict) or depth > DEPTH_MAX:
            msg = f"filter is an object of conditions by property, nested at most {DEPTH_MAX} deep."
            raise bad_request(msg)
        return [self._entry(name, operators, depth) for name, operators in filters.items() if operators is not None]

    def _entry(self, name: str, operators: object, depth: int) -> SqlCondition:
        self._seen += 1
        if not isinstance(operators, dict) or self._seen > _CONDITIONS_MAX:
            msg = "The conditions of a property are an object of operators, and there are not too many."
            raise bad_request(msg)
        if name in {"$AND", "$OR", "$NOT"}:
            return self._logical(name, operators, depth)
        prop = self._props.get(name)
        if prop is None:
            msg = f"A filter can name {', '.join(self._props)}, and $AND, $OR, $NOT."
            raise bad_request(msg)
        given = {key: value for key, value in operators.items() if value is not None}
        return SqlCondition.all_of([_operator(prop, key, value) for key, value in given.items()])

    def _logical(self, name: str, operators: Mapping[str, object], depth: int) -> SqlCondition:
        if operators.keys() != {"filter"}:
            msg = f"{name} holds exactly one key: filter."
            raise bad_request(msg)
        parts = self._parts(operators["filter"], depth + 1)
        if name == "$OR":
            return SqlCondition.any_of(parts)
        inner = SqlCondition.all_of(parts)
        # A comparison with NULL is neither true nor false, and neither is its opposite.
        return inner if name == "$AND" else SqlCondition(f"NOT coalesce({inner.sql}, FALSE)", inner.parameters)


def _operator(prop: SearchProperty, key: str, value: object) -> SqlCondition:
    if key in {"isNull", "isNotNull"}:
        return _null(prop, key, value)
    operators = _OPERATORS[prop.kind]
    if key not in operators:
        msg = f"{key} is no operator here; there are {', '.join(operators)}, isNull, isNotNull."
        raise bad_request(msg)
    return operators[key](prop, value)


def _null(prop: SearchProperty, key: str, value: object) -> SqlCondition:
    if not isinstance(value, bool):
        msg = f"{key} is true or false."
        raise bad_request(msg)
    if not value:  # "If set to true, checks …": false asks for nothing
        return SqlCondition("TRUE")
    return SqlCondition(f"{prop.column} IS {'NOT ' if key == 'isNotNull' else ''}NULL")


def _compared(sign: str) -> Callable[[SearchProperty, object], SqlCondition]:
    def compare(prop: SearchProperty, value: object) -> SqlCondition:
        return SqlCondition(f"{prop.column} {sign} ?", (_value(prop, value),))

    return compare


def _listed(sign: str) -> Callable[[SearchProperty, object], SqlCondition]:
    def compare(prop: SearchProperty, value: object) -> SqlCondition:
        if not isinstance(value, list):
            msg = "in and notIn take a list."
            raise bad_request(msg)
        values = tuple(_value(prop, item) for item in value)
        places = ", ".join("?" * len(values))
        without = f"{prop.column} IS NULL OR " if sign == "NOT IN" else ""
        return SqlCondition(f"({without}{prop.column} {sign} ({places}))", values)

    return compare


def _contains(prop: SearchProperty, value: object) -> SqlCondition:
    return SqlCondition(f"instr(lower({prop.column}), lower(?)) > 0", (_value(prop, value),))


def _value(prop: SearchProperty, value: object) -> Value:
    if prop.kind == "number":
        return _number(value)
    if prop.kind == "flag":
        return _flag(value)
    if not isinstance(value, str):
        msg = "This property is compared with text."
        raise bad_request(msg)
    return _moment(value) if prop.kind == "time" else value


def _number(value: object) -> int | float:
    """Lists of ``in`` are texts in the specification, also for numbers."""
    if isinstance(value, str) and re.fullmatch(NUMBER_AS_TEXT, value):
        return int(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) >= INTEGER_BOUND:
        msg = "This property is compared with a number."
        raise bad_request(msg)
    return value


def _flag(value: object) -> str:
    """Lists of ``in`` are texts in the specification, also for flags."""
    if value in {"true", "false"} or isinstance(value, bool):
        return str(value).lower()
    msg = "This property is compared with true or false."
    raise bad_request(msg)


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        msg = "This property is compared with a time in ISO 8601, such as 2026-01-31T00:00:00Z."
        raise bad_request(msg) from error


_SAME = {"eq": _compared("IS"), "not": _compared("IS NOT")}
_LISTS = {"in": _listed("IN"), "notIn": _listed("NOT IN")}
_SIZES = {key: _compared(sign) for key, sign in (("lt", "<"), ("lte", "<="), ("gt", ">"), ("gte", ">="))}
_OPERATORS: Mapping[str, Mapping[str, Callable[[SearchProperty, object], SqlCondition]]] = {
    "text": {**_SAME, **_LISTS, "like": _contains},
    "number": {**_SAME, **_LISTS, **_SIZES},
    "flag": {**_SAME, **_LISTS},
    "time": {**_SAME, **_LISTS, "from": _compared(">="), "to": _compared("<=")},
}
