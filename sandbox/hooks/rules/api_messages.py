"""Requests and responses of BioT's API as values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qs, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON_TYPE = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class BiotRequest:
    """A request to an API of BioT.

    Attributes:
        method: The HTTP method.
        path: The path, decoded.
        query: The values of each query parameter.
        headers: The headers, with names in lower case.
        body: The body.
    """

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def query_string(self) -> str:
        """The query parameters, encoded for a URL."""
        return urlencode(self.query, doseq=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class BiotResponse:
    """A response of BioT's API.

    Attributes:
        status: The HTTP status.
        headers: The headers, with names in lower case.
        body: The body.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def with_body(self, body: bytes, content_type: str = JSON_TYPE) -> BiotResponse:
        """Return the response with another body."""
        described = {"content-type", "content-length"}
        headers = tuple(pair for pair in self.headers if pair[0] not in described)
        if body:
            headers += (("content-type", content_type),)
        return BiotResponse(status=self.status, headers=headers, body=body)


def query_of(text: str) -> dict[str, tuple[str, ...]]:
    """Parse a query string; parameters without a value are kept."""
    return {name: tuple(values) for name, values in parse_qs(text, keep_blank_values=True).items()}


def json_or_none(body: bytes) -> object:
    """Return the JSON of a body, or None when it is empty or not JSON. NaN and infinity are not JSON."""
    try:
        value: object = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def json_bytes(value: object) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
