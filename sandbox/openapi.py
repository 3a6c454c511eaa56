"""The local BioT's OpenAPI document, which lists exactly what the local BioT serves.

The descriptions are imported when someone asks for the document, so that the start stays fast.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from builder import __version__

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.api_description import Operation, Schema

PATH = "/openapi.json"


@cache
def operations() -> tuple[Operation, ...]:
    """Return all operations except the plugins' own endpoints, this document, and the kit's own triggers."""
    from sandbox.dispatcher import operation_docs as dispatcher
    from sandbox.entities import operation_docs as entities
    from sandbox.entities.templates import operation_docs as templates
    from sandbox.settings import operation_docs as settings
    from sandbox.ums import operation_docs as ums

    rooms = (settings, ums, dispatcher, entities, templates)
    return tuple(operation for room in rooms for operation in room.OPERATIONS)


@cache
def document() -> Schema:
    """Return the OpenAPI 3.1 document."""
    from sandbox.api_description import condition_schemas, filter_schemas, operation_object
    from sandbox.entities.attribute_schemas import TIMEZONE_NAME, timezone_schema

    paths: dict[str, Schema] = {}
    schemas = {**condition_schemas(), TIMEZONE_NAME: timezone_schema()}
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method] = operation_object(operation)
        schemas |= filter_schemas(operation, operation.search) if operation.search else {}
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "A local BioT",
            "version": __version__,
            "description": "A stand-in for BioT on a laptop, after BioT's specification 2.4.2. It is not a real BioT.",
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"bearerAuth": bearer}},
    }


def routes() -> list[Route]:
    """``GET /openapi.json``: public."""
    return [Route(PATH, show, methods=["GET"])]


async def show(_request: Request) -> Response:
    """Return the document as JSON."""
    return JSONResponse(await run_in_threadpool(document))
