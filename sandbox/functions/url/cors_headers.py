"""CORS of a function URL. Lambda answers preflight requests itself, and its headers replace those of the handler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.functions.url.url_response import UrlResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.functions.function_configuration import CorsSettings

_PREFIX = "access-control-"


def preflight_response(method: str, headers: Mapping[str, str], cors: CorsSettings) -> UrlResponse | None:
    """Return the response to a preflight request; None if it is another request, which the handler answers.

    Args:
        method: Of the request.
        headers: Of the request, names in lower case.
        cors: The settings of the URL.
    """
    wanted = headers.get("access-control-request-method")
    if method != "OPTIONS" or "origin" not in headers or wanted is None:
        return None
    allowed = _allowed_origin(headers["origin"], cors)
    if allowed is None or not _matches(wanted, cors.allow_methods):
        return UrlResponse(status=200, headers=())
    names = [name.strip() for name in headers.get("access-control-request-headers", "").split(",") if name.strip()]
    return UrlResponse(
        status=200,
        headers=(
            ("access-control-allow-origin", allowed),
            ("access-control-allow-methods", ",".join(cors.allow_methods)),
            *((("access-control-allow-headers", ",".join(cors.allow_headers)),) if names else ()),
            ("vary", "origin"),
        ),
    )


def with_cors(response: UrlResponse, headers: Mapping[str, str], cors: CorsSettings) -> UrlResponse:
    """Return a response with the headers that let a page of another site read it."""
    if "origin" not in headers:
        return response
    allowed = _allowed_origin(headers["origin"], cors)
    own = tuple(pair for pair in response.headers if not pair[0].startswith(_PREFIX))
    if allowed is None:
        return UrlResponse(status=response.status, headers=own, body=response.body)
    added: list[tuple[str, str]] = [("access-control-allow-origin", allowed), ("vary", "origin")]
    if cors.expose_headers:
        added.append(("access-control-expose-headers", ",".join(cors.expose_headers)))
    return UrlResponse(status=response.status, headers=(*own, *added), body=response.body)


def _allowed_origin(origin: str, cors: CorsSettings) -> str | None:
    if "*" in cors.allow_origins:
        return "*"
    return origin if origin in cors.allow_origins else None


def _matches(method: str, allowed: tuple[str, ...]) -> bool:
    return "*" in allowed or method in allowed
