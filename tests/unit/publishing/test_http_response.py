"""No body, however made, does more than be refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.publishing.api.http_response import (
    HttpResponse,
    UnreadableResponseError,
    describe_response,
    read_error,
    read_object,
    retry_after,
    server_time,
)
from builder.publishing.api.response_fields import read_plugin, read_plugin_page, read_search_page

PLUGIN = {
    "name": "Plugin-age",
    "displayName": "Age",
    "version": 3,
    "environmentVariables": {"A": "1"},
    "subscriptions": {"interceptionOrder": 2, "interceptions": [], "notifications": []},
    "cors": {"allowOrigins": ["*"]},
    "enabledState": "ENABLED",
    "runtime": None,
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


@given(body=st.binary(max_size=300), status=st.integers(100, 599))
def test_any_bytes_are_read_or_refused(body: bytes, status: int) -> None:
    answer = HttpResponse(status=status, body=body)

    read_error(answer)
    assert describe_response(answer).startswith(f"HTTP {status}")
    try:
        document = read_object(answer)
    except UnreadableResponseError:
        return
    assert isinstance(document, dict)


@given(key=st.sampled_from(sorted(PLUGIN)), value=VALUES)
def test_a_plugin_of_any_shape_is_read_or_refused(key: str, value: object) -> None:
    try:
        plugin = read_plugin({**PLUGIN, key: value}, name="age")
    except UnreadableResponseError:
        return

    assert (plugin.name, plugin.full_name) == ("age", "Plugin-age")
    assert 1 <= plugin.version <= 32767
    assert all(isinstance(one, str) for one in plugin.environment_variables.values())


@given(document=st.dictionaries(st.sampled_from(["data", "metadata", "x"]), VALUES))
def test_a_search_of_any_shape_is_read_or_refused(document: dict[str, object]) -> None:
    for read in (read_search_page, read_plugin_page):
        try:
            assert read(document).total >= 0
        except UnreadableResponseError:
            continue


@pytest.mark.parametrize(
    "body",
    [
        {"code": "PLUGIN_EXISTS_BY_NAME", "message": "There is one.", "traceId": "7", "details": {"pluginName": "a"}},
        {"code": "X"},
        {"code": "X", "message": 5, "details": [], "traceId": {}},
    ],
)
def test_an_error_of_biot_is_recognized_by_its_code(body: dict[str, object]) -> None:
    error = read_error(HttpResponse(status=400, body=json.dumps(body).encode()))

    assert error is not None
    assert error.description.startswith(str(body["code"]))


@pytest.mark.parametrize("body", [{"code": 400}, {"code": ""}, {"code": "a b"}, {"error": "Not Found"}, {}])
def test_a_body_without_a_code_is_not_an_error_of_biot(body: dict[str, object]) -> None:
    assert read_error(HttpResponse(status=400, body=json.dumps(body).encode())) is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("3", 3.0),
        ("0", 0.0),
        ("Fri, 20 Nov 2026 00:00:30 GMT", 30.0),
        ("Thu, 19 Nov 2026 00:00:00 GMT", 0.0),
        ("-1", None),
        ("1e9", None),
        ("soon", None),
        ("", None),
        ("9" * 40, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_own_clock(said: str, seconds: float | None) -> None:
    headers = {"retry-after": said, "date": "Fri, 20 Nov 2026 00:00:00 GMT"}

    assert retry_after(HttpResponse(status=503, headers=headers)) == seconds


@given(date=st.text(max_size=40))
def test_any_date_is_read_or_ignored(date: str) -> None:
    moment = server_time(HttpResponse(status=200, headers={"date": date}))

    assert moment is None or isinstance(moment, float)
