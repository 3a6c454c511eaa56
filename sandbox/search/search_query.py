"""BioT's search language: the ``searchRequest`` parameter of its lists, translated to one SQL query with parameters.

Source: BioT OpenAPI specification 2.4.2 (SearchRequestV2, FilterV2) and BioT's guide to its search APIs. One thing the
specification leaves open: here, ``like`` and the free-text search ignore case.
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
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sandbox.database import Database
    from sandbox.search.filters import SearchProperty

PARAMETER = "searchRequest"
LIMIT_DEFAULT = 100
_KEYS = ("filter", "sort", "freeTextSearch", "limit", "page")
SORTS_MAX = 50
_WORDS_MAX = 50
"""The kit's choice, far more than people type: SQLite limits the depth of a condition."""
_SEPARATOR = "char(31)"
"""Separates columns in the free-text search, so that no word matches across two of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchableList:
    """A list that can be searched.

    Attributes:
        source: The table, or a query in parentheses; never text from a caller.
        columns: The selected columns.
        props: The properties for filters, by BioT's name.
        sortable: The names of those that can be sorted by.
        default_sort: The order without ``sort``, as SQL.
        key: A unique column that orders equal rows, so that pages never overlap.
        custom_attributes: Whether ``props`` also has every custom attribute, by its name.
    """

    source: str
    columns: str
    props: Mapping[str, SearchProperty]
    sortable: frozenset[str]
    default_sort: str
    key: str
    custom_attributes: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedSearch:
    """A search request that was checked and translated.

    Attributes:
        where: The condition with its parameters.
        order: The ORDER BY terms.
        limit: The number of rows of a page.
        page: The number of the page, from 0.
        request: The request's ``filter``, ``sort`` and ``freeTextSearch``, for the metadata of the response.
    """

    where: SqlCondition
    order: str
    limit: int
    page: int
    request: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultPage:
    """One page of results.

    Attributes:
        rows: The rows of the page.
        total: The number of rows on all pages.
    """

    rows: Sequence[sqlite3.Row]
    total: int


def search_request_of(query: Mapping[str, str]) -> str | None:
    """Return the query parameter ``searchRequest``.

    Raises:
        ApiError: 400, there are other parameters: ignoring a misspelt one would return everything.
    """
    if not query.keys() <= {PARAMETER}:
        msg = f"The only query parameter is {PARAMETER}."
        raise bad_request(msg)
    return query.get(PARAMETER)


def parse_search(text: str | None, searchable: SearchableList) -> ParsedSearch:
    """Check and translate the query parameter ``searchRequest``.

    Args:
        text: JSON, or None when the parameter was not sent.
        searchable: The list to search.

    Raises:
        ApiError: 400, the request is malformed or uses a property that this list does not have.
    """
    request = read_json(text, "searchRequest") if text else {}
    if not isinstance(request, dict) or not request.keys() <= set(_KEYS):
        msg = f"searchRequest must be an object, and its keys are {', '.join(_KEYS)}."
        raise bad_request(msg)
    request = {key: value for key, value in request.items() if value is not None}
    conditions = [parse_filter(request.get("filter", {}), searchable.props)]
    if words := _words(request.get("freeTextSearch", "")):
        conditions.append(_free_text(words, searchable.props))
    return ParsedSearch(
        where=SqlCondition.all_of(conditions),
        order=_order(request.get("sort", []), searchable),
        limit=_whole(request, "limit", 1, LIMIT_DEFAULT),
        page=_whole(request, "page", 0, 0),
        request=request,
    )


def find(connection: sqlite3.Connection, searchable: SearchableList, search: ParsedSearch) -> ResultPage:
    """Return the requested page and the total number of rows."""
    where, parameters = search.where.sql, search.where.parameters
    # The query consists of column names and conditions from this package; every value is a parameter.
    (total,) = connection.execute(f"SELECT count(*) FROM {searchable.source} WHERE {where}", parameters).fetchone()  # noqa: S608
    rows = connection.execute(
        f"SELECT {searchable.columns} FROM {searchable.source} WHERE {where}"  # noqa: S608
        f" ORDER BY {search.order} LIMIT ? OFFSET ?",
        (*parameters, search.limit, search.limit * search.page),
    ).fetchall()
    return ResultPage(rows=rows, total=total)


def run_search(
    database: Database, searchable: SearchableList, text: str | None, write_item: Callable[[sqlite3.Row], str]
) -> str:
    """Run the search in the query parameter ``searchRequest`` and return BioT's response, as JSON text.

    Args:
        database: The database.
        searchable: The list to search.
        text: JSON, or None when the parameter was not sent.
        write_item: Writes a row as JSON text.

    Raises:
        ApiError: 400, the request is malformed or uses a property that this list does not have.
    """
    search = parse_search(text, searchable)
    with database.read() as connection:
        page = find(connection, searchable, search)
    return envelope(map(write_item, page.rows), page, search)


def envelope(items: Iterable[str], page: ResultPage, search: ParsedSearch) -> str:
    """Return BioT's response to a search, as JSON text.

    Args:
        items: Every result as JSON text.
        page: The page of results.
        search: The search request.
    """
    metadata = {
        "page": {"totalResults": page.total, "page": search.page, "limit": search.limit},
        "sort": search.request.get("sort", []),
        "filter": search.request.get("filter", {}),
        **({"freeTextSearch": search.request["freeTextSearch"]} if "freeTextSearch" in search.request else {}),
    }
    return f'{{"data":[{",".join(items)}],"metadata":{json.dumps(metadata, separators=(",", ":"))}}}'


def _words(value: object) -> list[str]:
    if not isinstance(value, str) or len(words := value.split()) > _WORDS_MAX:
        msg = f"freeTextSearch must be a text of at most {_WORDS_MAX} words."
        raise bad_request(msg)
    return words


def _free_text(words: Sequence[str], props: Mapping[str, SearchProperty]) -> SqlCondition:
    columns = [f"coalesce({prop.column}, '')" for prop in props.values() if prop.kind != "time"]
    joined_columns = f" || {_SEPARATOR} || ".join(columns)
    contains_word = f"instr(lower({joined_columns}), lower(?)) > 0"
    return SqlCondition(f"({' OR '.join([contains_word] * len(words))})", tuple(words))


def _order(value: object, searchable: SearchableList) -> str:
    if not isinstance(value, list) or len(value) > SORTS_MAX:
        msg = f"sort must be a list of at most {SORTS_MAX} entries."
        raise bad_request(msg)
    terms = [_term(entry, searchable) for entry in value] or [searchable.default_sort]
    return ", ".join([*terms, searchable.key])


def _term(entry: object, searchable: SearchableList) -> str:
    if not isinstance(entry, dict) or not entry.keys() <= {"prop", "order"}:
        msg = "An entry of sort must be an object with prop and order."
        raise bad_request(msg)
    prop, order = entry.get("prop"), entry.get("order")
    if not isinstance(prop, str) or prop not in searchable.sortable:
        msg = f"sort: prop must be one of {', '.join(sorted(searchable.sortable))}."
        raise bad_request(msg)
    directions: dict[object, Literal["ASC", "DESC"]] = {None: "DESC", "ASC": "ASC", "DESC": "DESC"}
    if not isinstance(order, str | None) or order not in directions:
        msg = "sort: order must be ASC or DESC."
        raise bad_request(msg)
    return f"{searchable.props[prop].column} {directions[order]}"


def _whole(request: Mapping[str, object], key: str, low: int, default: int) -> int:
    value = request.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= INTEGER_MAX:
        msg = f"{key} must be a whole number from {low} to {INTEGER_MAX}."
        raise bad_request(msg)
    return value
