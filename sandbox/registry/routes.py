"""All routes of the registry (OCI distribution specification 1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.registry import blob_routes, manifest_routes, token_routes, upload_routes
from sandbox.registry.registry_access import require_login

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def routes() -> list[Route]:
    """Return the routes below ``/v2/``, and ECR's token call."""
    return [
        Route("/v2", check_version, methods=["GET"]),
        Route("/v2/", check_version, methods=["GET"]),
        *upload_routes.routes(),
        *blob_routes.routes(),
        *manifest_routes.routes(),
        *token_routes.routes(),
    ]


def check_version(request: Request) -> Response:
    """``GET /v2/``: whether this is a registry, and whether the log-in is right."""
    require_login(request)
    return JSONResponse({}, headers={"docker-distribution-api-version": "registry/2.0"})
