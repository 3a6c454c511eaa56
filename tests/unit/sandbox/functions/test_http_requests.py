"""Requests of runtime clients, however the network cuts them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.functions.environments.http_requests import ApiRequest, MalformedRequestError, RequestReader

WIRE = (
    b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
    b"POST /a/response?x=1 HTTP/1.1\r\nContent-Length: 5\r\nX-Name: v\r\n\r\nhello"
    b"POST /stream HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n10;e=1\r\n0123456789abcdef\r\n0\r\nEnd: yes\r\n\r\n"
    b"POST /empty HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
)


@given(st.lists(st.integers(0, len(WIRE)), max_size=30))
def test_pieces_give_the_same_requests_as_the_whole(cuts: list[int]) -> None:
    reader = RequestReader(1000)
    edges = [0, *sorted(cuts), len(WIRE)]
    requests = [one for start, end in pairwise(edges) for one in reader.feed(WIRE[start:end])]

    assert [(one.method, one.path, one.body) for one in requests] == [
        ("GET", "/2018-06-01/runtime/invocation/next", b""),
        ("POST", "/a/response", b"hello"),
        ("POST", "/stream", b"abc0123456789abcdef"),
        ("POST", "/empty", b""),
    ]
    assert requests[1].headers["x-name"] == "v"
    assert requests[2].headers["end"] == "yes"


def test_a_body_beyond_the_limit_is_counted_but_not_kept() -> None:
    (request,) = RequestReader(4).feed(b"POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\n0123456789")

    assert request == ApiRequest(method="POST", path="/", headers={"content-length": "10"}, body=b"0123", size=10)


@pytest.mark.parametrize(
    "wire", [b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"x" * 3_000_000]
)
def test_anything_else_is_refused(wire: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        list(RequestReader(4).feed(wire))
