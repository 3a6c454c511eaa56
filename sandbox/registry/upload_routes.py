"""``/v2/{name}/blobs/uploads/``: send a blob in one request or in chunks, or mount one from another repository."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from builder.oci import is_digest
from sandbox.clock import iso
from sandbox.instance_state import state_of
from sandbox.registry.blob_files import BlobFiles
from sandbox.registry.registry_access import repository_to_change, require_login
from sandbox.registry.repository_names import checked_digest, checked_repository
from sandbox.registry.repository_table import RepositoryTable
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.registry.unfinished_blobs import UnfinishedBlob, UnfinishedBlobs

_RANGE = re.compile(r"(?:bytes )?(\d{1,15})-(\d{1,15})(?:/\S+)?")


def routes() -> list[Route]:
    """Return the routes of uploads."""
    upload = "/v2/{name:path}/blobs/uploads/{upload}"
    return [
        Route("/v2/{name:path}/blobs/uploads/", start_upload, methods=["POST"]),
        Route(upload, upload_status, methods=["GET"]),
        Route(upload, upload_chunk, methods=["PATCH"]),
        Route(upload, finish_upload, methods=["PUT"]),
        Route(upload, cancel_upload, methods=["DELETE"]),
    ]


async def start_upload(request: Request) -> Response:
    """``POST``: begin an upload; ``digest``: of the whole body; ``mount`` and ``from``: take it from a repository."""
    repository = await run_in_threadpool(repository_to_change, request)
    digest, mount = request.query_params.get("digest"), request.query_params.get("mount")
    if digest is None and mount and await run_in_threadpool(_mount, request, repository, mount):
        return _created(repository, mount)
    if digest is not None:
        checked_digest(digest)
    sessions = _sessions(request)
    upload = await run_in_threadpool(sessions.start)
    if digest is None:
        return _accepted(202, repository, upload, 0)
    async with sessions.use(upload) as session:
        return await _receive_all(request, repository, session, digest)


async def upload_chunk(request: Request) -> Response:
    """``PATCH``: append the body, which must begin where the upload ends."""
    repository = await run_in_threadpool(repository_to_change, request)
    upload = request.path_params["upload"]
    async with _sessions(request).use(upload) as session:
        if not _continues(request, session.size):
            return _accepted(416, repository, upload, session.size)
        await session.receive(request.stream())
        return _accepted(202, repository, upload, session.size)


async def finish_upload(request: Request) -> Response:
    """``PUT``: append the body, if there is one, and make a blob of the upload."""
    repository = await run_in_threadpool(repository_to_change, request)
    digest = checked_digest(request.query_params.get("digest", ""))
    upload = request.path_params["upload"]
    async with _sessions(request).use(upload) as session:
        if not _continues(request, session.size):
            return _accepted(416, repository, upload, session.size)
        return await _receive_all(request, repository, session, digest)


async def upload_status(request: Request) -> Response:
    """``GET``: how much has arrived."""
    repository = await run_in_threadpool(repository_to_change, request)
    upload = request.path_params["upload"]
    async with _sessions(request).use(upload) as session:
        return _accepted(204, repository, upload, session.size)


async def cancel_upload(request: Request) -> Response:
    """``DELETE``: forget an upload."""
    await run_in_threadpool(repository_to_change, request)
    async with _sessions(request).use(request.path_params["upload"]) as session:
        session.path.unlink()
    return Response(status_code=204)


def _sessions(request: Request) -> UnfinishedBlobs:
    sessions: UnfinishedBlobs = request.app.state.image_uploads
    return sessions


async def _receive_all(request: Request, repository: str, session: UnfinishedBlob, digest: str) -> Response:
    await session.receive(request.stream())
    await run_in_threadpool(_store, request, repository, session, digest)
    return _created(repository, digest)


def _store(request: Request, repository: str, session: UnfinishedBlob, digest: str) -> None:
    found = session.finish()
    if found != digest:
        session.path.unlink()
        msg = "The bytes of the upload have another digest."
        raise ApiError(400, "DIGEST_INVALID", msg, {"digest": digest, "received": found})
    state, size = state_of(request), session.size
    with state.database.write() as connection:
        BlobFiles.beside(state.database).add(session.path, digest)
        RepositoryTable(connection, repository).link_blob(digest, size, iso(state.clock.now()))


def _mount(request: Request, repository: str, digest: str) -> bool:
    """Take a blob from another repository, and return whether that was possible; otherwise the client uploads it."""
    source, state = request.query_params.get("from", ""), state_of(request)
    require_login(request)
    if not source or not is_digest(digest):
        return False
    with suppress(ApiError), state.database.write() as connection:
        size = RepositoryTable(connection, checked_repository(source)).blob_size(digest)
        RepositoryTable(connection, repository).link_blob(digest, size, iso(state.clock.now()))
        return True
    return False


def _continues(request: Request, size: int) -> bool:
    """Return whether a body begins at the end of the upload; without ``Content-Range`` it does.

    Raises:
        ApiError: 400 ``BLOB_UPLOAD_INVALID`` or ``SIZE_INVALID``: the header is wrong, or is not about this body.
    """
    text = request.headers.get("content-range")
    if text is None:
        return True
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ApiError(400, "BLOB_UPLOAD_INVALID", "Content-Range must be START-END, both in bytes and inclusive.")
    start, end = int(match[1]), int(match[2])
    declared = request.headers.get("content-length")
    if declared is not None and int(declared) != end - start + 1:
        raise ApiError(400, "SIZE_INVALID", f"Content-Range {start}-{end} is not a body of {declared} bytes.")
    return start == size


def _accepted(status: int, repository: str, upload: str, size: int) -> Response:
    headers = {
        "location": f"/v2/{repository}/blobs/uploads/{upload}",
        "range": f"0-{max(size - 1, 0)}",
        "docker-upload-uuid": upload,
    }
    return Response(status_code=status, headers=headers)


def _created(repository: str, digest: str) -> Response:
    headers = {"location": f"/v2/{repository}/blobs/{digest}", "docker-content-digest": digest}
    return Response(status_code=201, headers=headers)
