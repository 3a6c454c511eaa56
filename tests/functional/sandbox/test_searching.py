"""BioT's search language, on a table in SQLite."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sandbox.search.filters import DEPTH_MAX, SearchProperty
from sandbox.search.search_query import SearchableList, envelope, find, parse_search
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = [
    ("age", 1, "ENABLED", "2026-01-01T00:00:00.000Z", "python3.13"),
    ("Ageing", 2, "DISABLED", "2026-01-02T00:00:00.000Z", None),
    ("weight_50%", 10, "ENABLED", "2026-01-03T00:00:00.000Z", "nodejs22.x"),
    ("cat's", 32767, "ENABLED", "2026-01-04T12:30:00.000Z", "python3.12"),
]
PLUGINS = SearchableList(
    source="plugins",
    columns="name",
    props={
        "name": SearchProperty(column="name"),
        "version": SearchProperty(column="version", kind="number"),
        "enabledState": SearchProperty(column="state"),
        "creationTime": SearchProperty(column="created", kind="time"),
        "runtime": SearchProperty(column="runtime"),
    },
    sortable=frozenset({"name", "version", "creationTime", "runtime"}),
    default_sort="created DESC",
    key="name",
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.row_factory = sqlite3.Row
        database.execute("CREATE TABLE plugins (name TEXT, version INTEGER, state TEXT, created TEXT, runtime TEXT)")
        database.executemany("INSERT INTO plugins VALUES (?, ?, ?, ?, ?)", ROWS)
        yield database


def names(connection: sqlite3.Connection, search_request: object) -> list[str]:
    search = parse_search(None if search_request is None else json.dumps(search_request), PLUGINS)
    return [row["name"] for row in find(connection, PLUGINS, search).rows]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"age", "Ageing", "weight_50%", "cat's"}),
        ({"name": {"eq": "age"}}, {"age"}),
        ({"name": {"not": "age"}}, {"Ageing", "weight_50%", "cat's"}),
        ({"name": {"like": "AGE"}}, {"age", "Ageing"}),
        ({"name": {"like": "%"}}, {"weight_50%"}),
        ({"name": {"like": "_"}}, {"weight_50%"}),
        ({"name": {"eq": "x' OR '1'='1"}}, set()),
        ({"name": {"in": ["age", "cat's", "none"]}}, {"age", "cat's"}),
        ({"name": {"in": []}}, set()),
        ({"version": {"in": ["1", 10]}}, {"age", "weight_50%"}),
        ({"version": {"gt": 2}}, {"weight_50%", "cat's"}),
        ({"version": {"gte": 2, "lt": 32767}}, {"Ageing", "weight_50%"}),
        ({"version": {"lte": 1.5}}, {"age"}),
        ({"version": {"eq": "2"}}, {"Ageing"}),
        ({"runtime": {"isNull": True}}, {"Ageing"}),
        ({"runtime": {"isNotNull": True}}, {"age", "weight_50%", "cat's"}),
        ({"runtime": {"isNull": False}}, {"age", "Ageing", "weight_50%", "cat's"}),
        ({"runtime": {"not": "python3.13"}}, {"Ageing", "weight_50%", "cat's"}),
        ({"runtime": {"notIn": ["python3.13", "python3.12"]}}, {"Ageing", "weight_50%"}),
        ({"creationTime": {"from": "2026-01-02T00:00:00Z"}}, {"Ageing", "weight_50%", "cat's"}),
        ({"creationTime": {"from": "2026-01-02", "to": "2026-01-03T01:00:00+01:00"}}, {"Ageing", "weight_50%"}),
        ({"name": {"like": "age"}, "enabledState": {"eq": "ENABLED"}}, {"age"}),
        ({"$OR": {"filter": {"name": {"eq": "age"}, "version": {"eq": 2}}}}, {"age", "Ageing"}),
        ({"$NOT": {"filter": {"runtime": {"like": "python"}}}}, {"Ageing", "weight_50%"}),
        ({"$AND": {"filter": {"name": {"like": "a"}}}, "version": {"gt": 5}}, {"cat's"}),
        ({"$OR": {"filter": {"$NOT": {"filter": {"version": {"gt": 1}}}, "name": {"like": "cat"}}}}, {"age", "cat's"}),
        ({"name": {"eq": None}}, {"age", "Ageing", "weight_50%", "cat's"}),
    ],
)
def test_filters_select_the_expected_rows(connection: sqlite3.Connection, filters: object, expected: set[str]) -> None:
    assert set(names(connection, {"filter": filters})) == expected


@pytest.mark.parametrize(
    ("search_request", "expected"),
    [
        (None, ["cat's", "weight_50%", "Ageing", "age"]),
        ({"sort": [{"prop": "version"}]}, ["cat's", "weight_50%", "Ageing", "age"]),
        ({"sort": [{"prop": "name", "order": "ASC"}]}, ["Ageing", "age", "cat's", "weight_50%"]),
        ({"sort": [{"prop": "creationTime", "order": "ASC"}], "limit": 2}, ["age", "Ageing"]),
        ({"sort": [{"prop": "creationTime", "order": "ASC"}], "limit": 3, "page": 1}, ["cat's"]),
        ({"page": 9}, []),
        ({"freeTextSearch": "WEIGHT nodejs cat"}, ["cat's", "weight_50%"]),
        ({"freeTextSearch": "32767"}, ["cat's"]),
        ({"freeTextSearch": "2026"}, []),  # not applied to dates
        ({"freeTextSearch": "age", "filter": {"version": {"gt": 1}}}, ["Ageing"]),
        ({"freeTextSearch": "  "}, ["cat's", "weight_50%", "Ageing", "age"]),
    ],
)
def test_order_pages_and_free_text_select_the_expected_rows(
    connection: sqlite3.Connection, search_request: object, expected: list[str]
) -> None:
    assert names(connection, search_request) == expected


def test_the_response_repeats_the_request_and_has_the_total(connection: sqlite3.Connection) -> None:
    search_request = {"filter": {"version": {"gt": 1}}, "sort": [{"prop": "name"}], "limit": 1, "page": 1}
    search = parse_search(json.dumps(search_request), PLUGINS)
    page = find(connection, PLUGINS, search)
    response = json.loads(envelope((json.dumps({"name": row["name"]}) for row in page.rows), page, search))

    assert response == {
        "data": [{"name": "cat's"}],
        "metadata": {
            "page": {"totalResults": 3, "page": 1, "limit": 1},
            "sort": [{"prop": "name"}],
            "filter": {"version": {"gt": 1}},
        },
    }


def nested(depth: int) -> object:
    return {"name": {"eq": "age"}} if not depth else {"$AND": {"filter": nested(depth - 1)}}


def test_a_filter_can_be_nested_up_to_the_documented_depth(connection: sqlite3.Connection) -> None:
    assert names(connection, {"filter": nested(DEPTH_MAX - 1)}) == ["age"]


@pytest.mark.parametrize(
    "search_request",
    [
        [],
        7,
        {"filters": {}},
        {"filter": []},
        {"filter": {"name": "age"}},
        {"filter": {"secret": {"eq": 1}}},
        {"filter": {"name; DROP TABLE plugins": {"eq": 1}}},
        {"filter": {"name": {"eq": 1}}},
        {"filter": {"name": {"gt": 1}}},
        {"filter": {"name": {"like": ["a"]}}},
        {"filter": {"name": {"in": "age"}}},
        {"filter": {"name": {"sounds": "age"}}},
        {"filter": {"version": {"like": "1"}}},
        {"filter": {"version": {"eq": True}}},
        {"filter": {"version": {"eq": 10**30}}},
        {"filter": {"version": {"eq": "1.5"}}},
        {"filter": {"creationTime": {"from": "yesterday"}}},
        {"filter": {"creationTime": {"from": "0001-01-01T00:00:00+14:00"}}},
        {"filter": {"runtime": {"isNull": "true"}}},
        {"filter": {"$OR": {"name": {"eq": "age"}}}},
        {"filter": {"$XOR": {"filter": {}}}},
        {"filter": nested(DEPTH_MAX)},
        {"filter": {"name": {"in": ["x"] * 1001}}},
        {"sort": {"prop": "name"}},
        {"sort": [{"order": "ASC"}]},
        {"sort": [{"prop": "enabledState"}]},
        {"sort": [{"prop": ["name"]}]},
        {"sort": [{"prop": "name", "order": "asc"}]},
        {"sort": [{"prop": "name", "order": {}}]},
        {"limit": 0},
        {"limit": True},
        {"limit": 2**31},
        {"page": -1},
        {"page": "1"},
        {"freeTextSearch": 1},
        {"freeTextSearch": "a " * 51},
        {"freeTextSearch": "\ud800"},
    ],
)
def test_an_invalid_search_request_is_a_400(search_request: object) -> None:
    with pytest.raises(ApiError) as refused:
        parse_search(json.dumps(search_request), PLUGINS)

    assert refused.value.status == 400


@pytest.mark.parametrize("text", ["{", "NaN", '{"limit": NaN}', '{"limit": 1e999}', "[" * 5000, '{"page":1,"page":2}'])
def test_invalid_json_is_a_400(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_search(text, PLUGINS)

    assert refused.value.status == 400
