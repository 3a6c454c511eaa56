"""BioT's search language: the ``searchRequest`` of its lists, made into one SQL query with parameters.

Source: BioT OpenAPI specification 2.4.2 (SearchRequestV2, FilterV2) and BioT's guide to its search APIs. What the
specification leaves open and is decided here: ``like`` and the free text do not tell capitals from small letters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from builder.platform.limits import INTEGER_MAX
from sandbox.search.filters import SqlCondition, parse_filter
from sandbox.web.biot_errors import bad_request
from sandbox.web.json_text import read_json

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.search.filters import SearchProperty

PARAMETER = "searchRequest"
LIMIT_DEFAULT = 100
_KEYS = ("filter", "sort", "freeTextSearch", "limit", "page")
SORTS_MAX = 50
_WORDS_MAX = 50
"""The kit's choice, far above what people type: SQLite bounds how deep a condition may be."""
_SEPARATOR = "char(31)"
"""Stands between columns for the free text, so that no word is found across two of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchableList:
    """A list that can be searched.

    Attributes:
        source: The table, or a query in parentheses; never text of a caller.
        columns: What is selected.
        props: What a filter may name, by BioT's name.
        sortable: The names among them that a sort may use.
        default_sort: The order without ``sort``, as SQL.
        key: Unique column that decides between equals, so that pages never overlap.
    """

    source: str
    columns: str
    props: Mapping[str, SearchProperty]
    sortable: frozenset[str]
    default_sort: str
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedSearch:
    """One checked request.

    Attributes:
        where: The condition, with its parameters.
        order: The ORDER BY terms.
        limit: Rows of one page.
        page: Which page, from 0.
        asked: The request's own ``filter``, ``sort`` and ``freeTextSearch``, for the answer's metadata.
    """

    where: SqlCondition
    order: str
    limit: int
    page: int
    asked: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchPage:
    """One page of results.

    Attributes:
        rows: The page.
        total: How many there are on all pages.
    """

    rows: Sequence[sqlite3.Row]
    total: int


def search_request_of(query: Mapping[str, str]) -> str | None:
    """The one query parameter that lists have.

    Raises:
        ApiError: 400, there are others: a misspelt one would find everything.
    """
    if not query.keys() <= {PARAMETER}:
        msg = f"The only query parameter is {PARAMETER}."
        raise bad_request(msg)
    return query.get(PARAMETER)


def parse_search(text: str | None, searchable: SearchableList) -> ParsedSearch:
    """Understand the query parameter ``searchRequest``.

    Args:
        text: JSON, or None when the parameter was not sent.
        searchable: What is searched.

    Raises:
        ApiError: 400, it is not the search language, or names what this list does not have.
    """
    asked = read_json(text, "searchRequest") if text else {}
    if not isinstance(asked, dict) or not asked.keys() <= set(_KEYS):
        msg = f"searchRequest is an object with {', '.join(_KEYS)}."
        raise bad_request(msg)
    asked = {key: value for key, value in asked.items() if value is not None}
    conditions = [parse_filter(asked.get("filter", {}), searchable.props)]
    if words := _words(asked.get("freeTextSearch", "")):
        conditions.append(_free_text(words, searchable.props))
    return ParsedSearch(
        where=SqlCondition.all_of(conditions),
        order=_order(asked.get("sort", []), searchable),
        limit=_whole(asked, "limit", 1, LIMIT_DEFAULT),
        page=_whole(asked, "page", 0, 0),
        asked=asked,
    )


def find(connection: sqlite3.Connection, searchable: SearchableList, search: ParsedSearch) -> SearchPage:
    """The page that was asked for, and how many rows there are in all."""
    where, parameters = search.where.sql, search.where.parameters
    # Only column names and conditions of this module are put together here; every value is a parameter.
    (total,) = connection.execute(f"SELECT count(*) FROM {searchable.source} WHERE {where}", parameters).fetchone()  # noqa: S608
    rows = connection.execute(
        f"SELECT {searchable.columns} FROM {searchable.source} WHERE {where}"  # noqa: S608
        f" ORDER BY {search.order} LIMIT ? OFFSET ?",
        (*parameters, search.limit, search.limit * search.page),
    ).fetchall()
    return SearchPage(rows=rows, total=total)


def envelope(items: Iterable[str], found: SearchPage, search: ParsedSearch) -> str:
    """BioT's answer to a search, as JSON text.

    Args:
        items: Every result as JSON text.
        found: The page that they are.
        search: What was asked.
    """
    metadata = {
        "page": {"totalResults": found.total, "page": search.page, "limit": search.limit},
        "sort": search.asked.get("sort", []),
        "filter": search.asked.get("filter", {}),
        **({"freeTextSearch": search.asked["freeTextSearch"]} if "freeTextSearch" in search.asked else {}),
    }
    return f'{{"data":[{",".join(items)}],"metadata":{json.dumps(metadata, separators=(",", ":"))}}}'


def _words(value: object) -> list[str]:
    if not isinstance(value, str) or len(words := value.split()) > _WORDS_MAX:
        msg = f"freeTextSearch is text of at most {_WORDS_MAX} words."
        raise bad_request(msg)
    return words


def _free_text(words: Sequence[str], props: Mapping[str, SearchProperty]) -> SqlCondition:
    columns = [f"coalesce({prop.column}, '')" for prop in props.values() if prop.kind != "time"]
    everything = f" || {_SEPARATOR} || ".join(columns)
    one = f"instr(lower({everything}), lower(?)) > 0"
    return SqlCondition(f"({' OR '.join([one] * len(words))})", tuple(words))


def _order(value: object, searchable: SearchableList) -> str:
    if not isinstance(value, list) or len(value) > SORTS_MAX:
        msg = f"sort is a list of at most {SORTS_MAX} entries."
        raise bad_request(msg)
    terms = [_term(entry, searchable) for entry in value] or [searchable.default_sort]
    return ", ".join([*terms, searchable.key])


def _term(entry: object, searchable: SearchableList) -> str:
    if not isinstance(entry, dict) or not entry.keys() <= {"prop", "order"}:
        msg = "An entry of sort is an object with prop and order."
        raise bad_request(msg)
    prop, order = entry.get("prop"), entry.get("order")
    if not isinstance(prop, str) or prop not in searchable.sortable:
        msg = f"sort: prop is one of {', '.join(sorted(searchable.sortable))}."
        raise bad_request(msg)
    directions: dict[object, Literal["ASC", "DESC"]] = {None: "DESC", "ASC": "ASC", "DESC": "DESC"}
    if not isinstance(order, str | None) or order not in directions:
        msg = "sort: order is ASC or DESC."
        raise bad_request(msg)
    return f"{searchable.props[prop].column} {directions[order]}"


def _whole(asked: Mapping[str, object], key: str, low: int, default: int) -> int:
    value = asked.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= INTEGER_MAX:
        msg = f"{key} is a whole number from {low} on."
        raise bad_request(msg)
    return value
