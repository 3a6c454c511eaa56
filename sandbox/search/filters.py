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
"""The kit's choices: SQLite limits the size of a condition."""

INTEGER_BOUND = 1 << 63
"""SQLite's integers are smaller than this."""
NUMBER_AS_TEXT = r"-?[0-9]{1,18}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchProperty:
    """A property that a list can be filtered by.

    Attributes:
        column: The column, or an SQL expression over columns.
        kind: The type of its values, which decides the operators. Times are stored in the format of
            ``sandbox.clock.iso``; the column of a flag contains the text ``true`` or ``false``. ``any`` is a value from
            a JSON document, which is compared with the JSON value of the request.
    """

    column: str
    kind: Literal["text", "number", "time", "flag", "any"] = "text"


@dataclass(frozen=True, slots=True)
class SqlCondition:
    """A part of a WHERE clause and the values of its placeholders."""

    sql: str
    parameters: tuple[Value, ...] = ()

    @classmethod
    def all_of(cls, conditions: Iterable[SqlCondition]) -> SqlCondition:
        """Join conditions with AND; without any, always true."""
        return cls._joined(conditions, "AND", "TRUE")

    @classmethod
    def any_of(cls, conditions: Iterable[SqlCondition]) -> SqlCondition:
        """Join conditions with OR; without any, always true, because an empty filter excludes nothing."""
        return cls._joined(conditions, "OR", "TRUE")

    @classmethod
    def _joined(cls, conditions: Iterable[SqlCondition], word: str, empty: str) -> SqlCondition:
        parts = [part for part in conditions if part.sql != "TRUE"]
        if not parts:
            return cls(empty)
        values = tuple(value for part in parts for value in part.parameters)
        return cls(f"({f' {word} '.join(part.sql for part in parts)})", values)


def parse_filter(filters: object, props: Mapping[str, SearchProperty]) -> SqlCondition:
    """Translate a ``filter`` object to SQL.

    Args:
        filters: Conditions by property name; ``$AND``, ``$OR`` and ``$NOT`` each contain a nested ``filter``.
        props: The properties by name.

    Raises:
        ApiError: 400, an unknown property or operator, or a value of the wrong type.
    """
    condition = _Reader(props).read(filters, 1)
    if len(condition.parameters) > _VALUES_MAX:
        msg = f"The filter has {len(condition.parameters)} values; at most {_VALUES_MAX} are allowed."
        raise bad_request(msg)
    return condition


class _Reader:
    def __init__(self, props: Mapping[str, SearchProperty]) -> None:
        self._props = props
        self._seen = 0

    def read(self, filters: object, depth: int) -> SqlCondition:
        return SqlCondition.all_of(self._parts(filters, depth))

    def _parts(self, filters: object, depth: int) -> list[SqlCondition]:
        if not isinstance(filters, dict) or depth > DEPTH_MAX:
            msg = f"filter must be an object of conditions by property, nested at most {DEPTH_MAX} levels deep."
            raise bad_request(msg)
        return [self._entry(name, operators, depth) for name, operators in filters.items() if operators is not None]

    def _entry(self, name: str, operators: object, depth: int) -> SqlCondition:
        self._seen += 1
        if not isinstance(operators, dict) or self._seen > _CONDITIONS_MAX:
            msg = (
                "The condition of a property must be an object of operators, "
                f"and a filter has at most {_CONDITIONS_MAX} conditions."
            )
            raise bad_request(msg)
        if name in {"$AND", "$OR", "$NOT"}:
            return self._logical(name, operators, depth)
        prop = self._props.get(name)
        if prop is None:
            msg = f"A filter can use {', '.join(self._props)}, $AND, $OR and $NOT."
            raise bad_request(msg)
        operands = {key: value for key, value in operators.items() if value is not None}
        return SqlCondition.all_of([_operator(prop, key, value) for key, value in operands.items()])

    def _logical(self, name: str, operators: Mapping[str, object], depth: int) -> SqlCondition:
        if operators.keys() != {"filter"}:
            msg = f"{name} must have exactly one key: filter."
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
        msg = f"{key} is not an operator of this property. Use one of {', '.join(operators)}, isNull, isNotNull."
        raise bad_request(msg)
    return operators[key](prop, value)


def _null(prop: SearchProperty, key: str, value: object) -> SqlCondition:
    if not isinstance(value, bool):
        msg = f"{key} must be true or false."
        raise bad_request(msg)
    if not value:  # the specification: "If set to true, checks …"; so false checks nothing
        return SqlCondition("TRUE")
    return SqlCondition(f"{prop.column} IS {'NOT ' if key == 'isNotNull' else ''}NULL")


def _compared(sign: str) -> Callable[[SearchProperty, object], SqlCondition]:
    def compare(prop: SearchProperty, value: object) -> SqlCondition:
        return SqlCondition(f"{prop.column} {sign} ?", (_value(prop, value),))

    return compare


def _listed(sign: str) -> Callable[[SearchProperty, object], SqlCondition]:
    def compare(prop: SearchProperty, value: object) -> SqlCondition:
        if not isinstance(value, list):
            msg = "The value of in and notIn must be a list."
            raise bad_request(msg)
        values = tuple(_value(prop, item) for item in value)
        placeholders = ", ".join("?" * len(values))
        without = f"{prop.column} IS NULL OR " if sign == "NOT IN" else ""
        return SqlCondition(f"({without}{prop.column} {sign} ({placeholders}))", values)

    return compare


def _contains(prop: SearchProperty, value: object) -> SqlCondition:
    return SqlCondition(f"instr(lower({prop.column}), lower(?)) > 0", (_value(prop, value),))


def _value(prop: SearchProperty, value: object) -> Value:
    if prop.kind == "number":
        return _number(value)
    if prop.kind == "flag":
        return _flag(value)
    if prop.kind == "any":
        return _any(value)
    if not isinstance(value, str):
        msg = "The value for this property must be a text."
        raise bad_request(msg)
    return _moment(value) if prop.kind == "time" else value


def _number(value: object) -> int | float:
    """In the specification, the items of ``in`` are texts, even for numbers."""
    if isinstance(value, str) and re.fullmatch(NUMBER_AS_TEXT, value):
        return int(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) >= INTEGER_BOUND:
        msg = "The value for this property must be a number."
        raise bad_request(msg)
    return value


def _flag(value: object) -> str:
    """In the specification, the items of ``in`` are texts, even for flags."""
    if isinstance(value, bool) or (isinstance(value, str) and value in {"true", "false"}):
        return str(value).lower()
    msg = "The value for this property must be true or false."
    raise bad_request(msg)


def _any(value: object) -> int | float | str:
    """JSON's true is 1 in SQLite's documents."""
    if isinstance(value, str):
        return value
    return int(value) if isinstance(value, bool) else _number(value)


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        msg = "The value for this property must be a time in ISO 8601, such as 2026-01-31T00:00:00Z."
        raise bad_request(msg) from error


_SAME = {"eq": _compared("IS"), "not": _compared("IS NOT")}
_LISTS = {"in": _listed("IN"), "notIn": _listed("NOT IN")}
_SIZES = {key: _compared(sign) for key, sign in (("lt", "<"), ("lte", "<="), ("gt", ">"), ("gte", ">="))}
_TIMES = {"from": _compared(">="), "to": _compared("<=")}
_OPERATORS: Mapping[str, Mapping[str, Callable[[SearchProperty, object], SqlCondition]]] = {
    "text": {**_SAME, **_LISTS, "like": _contains},
    "number": {**_SAME, **_LISTS, **_SIZES},
    "flag": {**_SAME, **_LISTS},
    "time": {**_SAME, **_LISTS, **_TIMES},
    "any": {**_SAME, **_LISTS, **_SIZES, **_TIMES, "like": _contains},
}
