"""The local BioT's OpenAPI document, which lists exactly what the local BioT serves."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from builder import __version__
from sandbox.api_description import filter_schemas, operation_object
from sandbox.dispatcher import operation_docs as dispatcher
from sandbox.settings import operation_docs as settings
from sandbox.ums import operation_docs as ums

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.api_description import Operation, Schema

PATH = "/openapi.json"

OPERATIONS: tuple[Operation, ...] = (*settings.OPERATIONS, *ums.OPERATIONS, *dispatcher.OPERATIONS)
"""All operations except the plugins' own endpoints and this document."""


@cache
def document() -> Schema:
    """Return the OpenAPI 3.1 document."""
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = operation_object(operation)
    filters: dict[str, Schema] = {}
    for operation in OPERATIONS:
        filters |= filter_schemas(operation, operation.search) if operation.search else {}
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "A local BioT",
            "version": __version__,
            "description": "A stand-in for BioT on a laptop, after BioT's specification 2.4.2. It is not a real BioT.",
        },
        "paths": paths,
        "components": {"schemas": filters, "securitySchemes": {"bearerAuth": bearer}},
    }


def routes() -> list[Route]:
    """``GET /openapi.json``: public."""
    return [Route(PATH, show, methods=["GET"])]


async def show(_request: Request) -> Response:
    """Return the document as JSON."""
    return JSONResponse(document())
