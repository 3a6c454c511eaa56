"""The routes of the settings service (BioT OpenAPI specification 2.4.2, settings)."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial as bind
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.instance_state import health_of, state_of
from sandbox.search.search_query import search_request_of
from sandbox.settings import lookups, plugin_operations
from sandbox.settings.code.code_store import CodeStore, Upload
from sandbox.settings.code.upload_form import receive
from sandbox.settings.configuration import apply_partial_update, apply_replacement
from sandbox.settings.plugin_schema import read_creation, read_replacement, read_update
from sandbox.web.authorization import require_permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from sandbox.settings.configuration import ConfiguredPlugin
    from sandbox.settings.plugin_schema import Config

_REPOSITORY_PERMISSION = "SETTINGS_PLUGIN_GET_DOCKER_REPOSITORY_TEMP_CREDENTIALS"


def routes() -> list[Route]:
    """Return the routes below ``/settings``."""
    plugin = "/settings/v2/plugins/{name}"
    return [
        Route("/settings/v2/plugins", search_plugins, methods=["GET"]),
        Route("/settings/v2/plugins", create_plugin, methods=["POST"]),
        Route("/settings/v2/plugins/docker-repository/temp-credentials", docker_credentials, methods=["GET"]),
        Route(plugin, get_plugin, methods=["GET"]),
        Route(plugin, update_plugin, methods=["PATCH"]),
        Route(plugin, replace_plugin, methods=["PUT"]),
        Route(plugin, delete_plugin, methods=["DELETE"]),
        Route("/settings/v1/interceptions", search_interceptions, methods=["GET"]),
        Route("/settings/v1/entity-types/action-notifications", notifiable_actions, methods=["GET"]),
        Route("/settings/v2/entity-types/action-notifications", notifiable_actions, methods=["GET"]),
        Route("/settings/v1/system/properties", system_properties, methods=["GET"]),
        Route("/settings/system/healthCheck", health_check, methods=["GET"]),
    ]


def search_plugins(request: Request) -> Response:
    """``GET /settings/v2/plugins``."""
    require_permission(request, "SETTINGS_PLUGIN_SEARCH")
    return _json(plugin_operations.search(state_of(request), search_request_of(request.query_params)))


async def create_plugin(request: Request) -> Response:
    """``POST /settings/v2/plugins``."""
    await run_in_threadpool(require_permission, request, "SETTINGS_PLUGIN_CREATE")
    state = state_of(request)
    with ExitStack() as stack:
        form = await receive(request, _new_file(request), stack)
        response = await run_in_threadpool(plugin_operations.create, state, read_creation(form.config), form)
    return _json(response, 201)


def get_plugin(request: Request) -> Response:
    """``GET /settings/v2/plugins/{name}``."""
    require_permission(request, "SETTINGS_PLUGIN_GET")
    return _json(plugin_operations.get(state_of(request), request.path_params["name"]))


async def update_plugin(request: Request) -> Response:
    """``PATCH /settings/v2/plugins/{name}``: a field that is not sent stays."""
    return await _update(request, read_update, apply_partial_update)


async def replace_plugin(request: Request) -> Response:
    """``PUT /settings/v2/plugins/{name}``: a complete body. It is in BioT's guide, but not in a specification."""
    return await _update(request, read_replacement, apply_replacement)


def delete_plugin(request: Request) -> Response:
    """``DELETE /settings/v2/plugins/{name}``."""
    require_permission(request, "SETTINGS_PLUGIN_DELETE")
    plugin_operations.delete(state_of(request), request.path_params["name"])
    return Response(status_code=204)


def docker_credentials(request: Request) -> Response:
    """``GET /settings/v2/plugins/docker-repository/temp-credentials``."""
    require_permission(request, _REPOSITORY_PERMISSION)
    return JSONResponse(lookups.create_docker_credentials(state_of(request)))


def search_interceptions(request: Request) -> Response:
    """``GET /settings/v1/interceptions``."""
    require_permission(request, "SETTINGS_SEARCH_INTERCEPTION_SUBSCRIPTION_CONFIGURATIONS")
    return _json(lookups.search_interceptable_apis(state_of(request), search_request_of(request.query_params)))


def notifiable_actions(request: Request) -> Response:
    """``GET /settings/v2/entity-types/action-notifications``, and v1."""
    require_permission(request, "SETTINGS_GET_ENTITY_TYPES")
    return JSONResponse(lookups.list_notifiable_actions())


async def system_properties(request: Request) -> Response:
    """``GET /settings/v1/system/properties``: public."""
    return JSONResponse({"biotVersion": state_of(request).settings.biot_version})


async def health_check(request: Request) -> Response:
    """``GET /settings/system/healthCheck``: public."""
    return JSONResponse(health_of(state_of(request)))


async def _update(request: Request, read: Callable[[str], Config], decide: Callable[..., ConfiguredPlugin]) -> Response:
    await run_in_threadpool(require_permission, request, "SETTINGS_PLUGIN_UPDATE")
    state, name = state_of(request), request.path_params["name"]
    with ExitStack() as stack:
        form = await receive(request, _new_file(request), stack)
        sent = read(form.config)
        decide_desired = bind(decide, request=sent, with_code=form.code is not None)
        response = await run_in_threadpool(plugin_operations.update, state, name, decide_desired, form)
    return _json(response)


def _new_file(request: Request) -> Callable[[], Upload]:
    return bind(Upload, CodeStore.beside(state_of(request).database).folder)


def _json(text: str, status: int = 200) -> Response:
    return Response(text, status, media_type="application/json")
