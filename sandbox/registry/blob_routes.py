"""``/v2/{name}/blobs/{digest}``: read and delete blobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import FileResponse, Response
from starlette.routing import Route

from sandbox.instance_state import state_of
from sandbox.registry.blob_files import BlobFiles
from sandbox.registry.registry_access import repository_to_change, repository_to_read
from sandbox.registry.repository_names import checked_digest
from sandbox.registry.repository_table import RepositoryTable

if TYPE_CHECKING:
    from starlette.requests import Request


def routes() -> list[Route]:
    """Return the routes of blobs."""
    blob = "/v2/{name:path}/blobs/{digest}"
    return [Route(blob, read_blob, methods=["GET"]), Route(blob, delete_blob, methods=["DELETE"])]


def read_blob(request: Request) -> Response:
    """``GET`` and ``HEAD``: a blob, or a range of it."""
    repository, digest = repository_to_read(request), checked_digest(request.path_params["digest"])
    state = state_of(request)
    with state.database.read() as connection:
        RepositoryTable(connection, repository).blob_size(digest)
    headers = {"docker-content-digest": digest}
    file = BlobFiles.beside(state.database).file(digest)
    return FileResponse(file, headers=headers, media_type="application/octet-stream")


def delete_blob(request: Request) -> Response:
    """``DELETE``: a blob that no image has."""
    repository, digest = repository_to_change(request), checked_digest(request.path_params["digest"])
    state = state_of(request)
    with state.database.write() as connection:
        RepositoryTable(connection, repository).unlink_blob(digest)
    with state.database.write() as connection:
        BlobFiles.beside(state.database).delete_unlinked(connection, [digest])
    return Response(status_code=202)
