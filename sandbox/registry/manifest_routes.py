"""``/v2/{name}/manifests/{reference}`` and ``/v2/{name}/tags/list``: images by tag and by digest."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import iso
from sandbox.instance_state import state_of
from sandbox.registry.blob_files import BlobFiles
from sandbox.registry.pushed_manifest import PushedManifest, read_pushed
from sandbox.registry.registry_access import repository_to_change, repository_to_read
from sandbox.registry.repository_names import PLUGIN_REPOSITORY, checked_reference
from sandbox.registry.repository_table import RepositoryTable
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

_PAGE_DIGITS = 9


def routes() -> list[Route]:
    """Return the routes of manifests and tags."""
    manifest = "/v2/{name:path}/manifests/{reference}"
    return [
        Route(manifest, read_manifest, methods=["GET"]),
        Route(manifest, put_manifest, methods=["PUT"]),
        Route(manifest, delete_manifest, methods=["DELETE"]),
        Route("/v2/{name:path}/tags/list", list_tags, methods=["GET"]),
    ]


def read_manifest(request: Request) -> Response:
    """``GET`` and ``HEAD``: a manifest, with the bytes and the media type that were pushed."""
    repository, reference = repository_to_read(request), checked_reference(request.path_params["reference"])
    with state_of(request).database.read() as connection:
        row = RepositoryTable(connection, repository).find_manifest(reference)
    headers = {"docker-content-digest": row["digest"], "etag": f'"{row["digest"]}"'}
    return Response(row["content"], media_type=row["media_type"], headers=headers)


async def put_manifest(request: Request) -> Response:
    """``PUT``: store a manifest whose parts are there, and let the tag point to it."""
    repository = await run_in_threadpool(repository_to_change, request)
    reference = checked_reference(request.path_params["reference"])
    manifest = read_pushed(await request.body(), request.headers.get("content-type", ""))
    is_tag = ":" not in reference
    if not is_tag and reference != manifest.digest:
        msg = "The manifest has another digest than its address."
        raise ApiError(400, "DIGEST_INVALID", msg, {"digest": reference, "received": manifest.digest})
    await run_in_threadpool(_store, request, repository, manifest, reference if is_tag else None)
    headers = {
        "location": f"/v2/{repository}/manifests/{manifest.digest}",
        "docker-content-digest": manifest.digest,
    }
    return Response(status_code=201, headers=headers)


def delete_manifest(request: Request) -> Response:
    """``DELETE``: by a tag only the tag, by a digest the image with all its tags."""
    repository, reference = repository_to_change(request), checked_reference(request.path_params["reference"])
    state = state_of(request)
    unlinked: tuple[str, ...] = ()
    with state.database.write() as connection:
        images = RepositoryTable(connection, repository)
        if ":" in reference:
            unlinked = images.delete_manifest(reference)
        else:
            images.delete_tag(reference)
    with state.database.write() as connection:
        BlobFiles.beside(state.database).delete_unlinked(connection, unlinked)
    return Response(status_code=202)


def list_tags(request: Request) -> Response:
    """``GET``: the tags in the order of their characters; ``n`` and ``last`` ask for one page."""
    repository = repository_to_read(request)
    with state_of(request).database.read() as connection:
        images = RepositoryTable(connection, repository)
        if repository != PLUGIN_REPOSITORY and images.is_empty():
            raise ApiError(404, "NAME_UNKNOWN", "Nothing was pushed to this repository.", {"name": repository})
        tags = images.tags()
    last = request.query_params.get("last", "")
    rest = [tag for tag in tags if tag > last]
    count = _page_size(request)
    page = rest if count is None else rest[:count]
    response = JSONResponse({"name": repository, "tags": page})
    if page and len(page) < len(rest):
        query = urlencode({"n": count, "last": page[-1]})
        response.headers["link"] = f'</v2/{repository}/tags/list?{query}>; rel="next"'
    return response


def _store(request: Request, repository: str, manifest: PushedManifest, tag: str | None) -> None:
    state = state_of(request)
    with state.database.write() as connection:
        RepositoryTable(connection, repository).put_manifest(manifest, tag, iso(state.clock.now()))


def _page_size(request: Request) -> int | None:
    text = request.query_params.get("n")
    if text is not None and not (text.isascii() and text.isdecimal() and len(text) <= _PAGE_DIGITS):
        raise ApiError(400, "PAGINATION_NUMBER_INVALID", "n must be a whole number.")
    return None if text is None else int(text)
