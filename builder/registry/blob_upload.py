"""Uploads of single blobs: in chunks, resumed after every fault, and never sent when the registry has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from builder.registry.blob_content import BlobPart
from builder.registry.registry_calls import FAULTS, Patience
from builder.registry.registry_failures import BrokenSourceError, DamagedBlobError, RegistryRefusedError

if TYPE_CHECKING:
    from builder.registry.blob_content import HashedBlob
    from builder.registry.distribution import RemoteRepository, UploadSession

_MOST_RESTARTS: Final = 4
_LOST_UPLOAD: Final = frozenset({400, 404, 416})
"""The registry does not know the upload, its bytes are not the expected ones, or their digest is wrong."""


def upload_blob(repository: RemoteRepository, blob: HashedBlob, session: UploadSession | None = None) -> None:
    """Send a blob that the repository does not have.

    After every fault the repository is asked whether it has the blob, and then how much of the upload it has.

    Args:
        repository: The target.
        blob: The blob.
        session: An upload that was begun for it, if any.

    Raises:
        RegistryError: The upload failed.
    """
    patience, restarts = Patience(repository.calls), 0
    while True:
        try:
            session = session or repository.begin_upload()
            session = _send_chunks(repository, blob, session, patience)
            last = BlobPart(blob, session.offset, blob.descriptor.size)
            repository.finish(session, last, blob.descriptor)
        except (*FAULTS, BrokenSourceError) as fault:
            patience.wait(fault)
        except (RegistryRefusedError, DamagedBlobError) as error:
            restarts += 1
            if not _may_restart(error, blob, session) or restarts > _MOST_RESTARTS:
                raise
            patience.wait(error)
            session = None
        else:
            return
        if repository.has_blob(blob.descriptor):
            return
        session = _resume(repository, blob, session)


def _send_chunks(
    repository: RemoteRepository, blob: HashedBlob, session: UploadSession, patience: Patience
) -> UploadSession:
    """Send all but the last chunk."""
    length = max(repository.calls.options.chunk_bytes, session.smallest_chunk)
    while blob.descriptor.size - session.offset > length:
        part = BlobPart(blob, session.offset, session.offset + length)
        session = repository.append(session, part)
        patience.progressed()
    return session


def _resume(repository: RemoteRepository, blob: HashedBlob, session: UploadSession | None) -> UploadSession | None:
    """The upload as the registry has it; None to begin another one."""
    status = repository.upload_status(session) if session else None
    return status if status and status.offset <= blob.descriptor.size else None


def _may_restart(error: Exception, blob: HashedBlob, session: UploadSession | None) -> bool:
    if isinstance(error, RegistryRefusedError):
        return session is not None and error.status in _LOST_UPLOAD
    return blob.repeatable
