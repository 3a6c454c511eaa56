"""The bytes of one blob on their way to a registry: read in parts, and hashed from the first to the last."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from builder.registry.registry_calls import FAULTS
from builder.registry.registry_failures import BrokenSourceError, DamagedBlobError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from builder.oci import Descriptor
    from builder.registry.distribution import RemoteRepository

_PIECE = 64 * 1024


class BlobSource(Protocol):
    """Where the bytes of a blob come from.

    ``repeatable`` says whether wrong bytes may be right when they are read again.
    """

    repeatable: bool

    def read(self, offset: int) -> Generator[bytes, None, None]:
        """The pieces from an offset to the end."""


class FileSource:
    """A blob in a file.

    Args:
        file: The file.
    """

    repeatable = False

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self, offset: int) -> Generator[bytes, None, None]:
        """The pieces from an offset to the end of the file."""
        try:
            with self._file.open("rb") as stream:
                stream.seek(offset)
                while piece := stream.read(_PIECE):
                    yield piece
        except OSError as error:
            msg = f"{self._file} cannot be read: {error.strerror}."
            raise DamagedBlobError(msg, hint="Build the image again.") from error


class RemoteSource:
    """A blob in a repository, which is not stored on this machine.

    Args:
        repository: The repository.
        blob: The blob.
    """

    repeatable = True

    def __init__(self, repository: RemoteRepository, blob: Descriptor) -> None:
        self._repository = repository
        self._blob = blob

    def read(self, offset: int) -> Generator[bytes, None, None]:
        """The pieces from an offset to the end.

        Raises:
            BrokenSourceError: The download broke off; another attempt may succeed.
            RegistryError: The repository does not have the blob.
        """
        try:
            yield from self._repository.read_blob(self._blob, offset)
        except FAULTS as fault:
            failure = self._repository.calls.failure(fault)
            raise BrokenSourceError(failure.message, hint=failure.hint) from fault


class HashedBlob:
    """A blob that is read in parts, in any order that a resumed upload needs.

    The last piece of the last part is given out only after the digest of all bytes was compared, so a
    registry never gets a whole blob that is not the right one.

    Args:
        descriptor: Its digest and size.
        source: Its bytes.
    """

    def __init__(self, descriptor: Descriptor, source: BlobSource) -> None:
        self.descriptor = descriptor
        self.repeatable = source.repeatable
        self._source = source
        self._states = {0: hashlib.sha256()}

    def part(self, start: int, end: int) -> Generator[bytes, None, None]:
        """The pieces from ``start`` to before ``end``.

        Raises:
            DamagedBlobError: The bytes are not those that the digest names.
            BrokenSourceError: The download of the blob broke off.
        """
        # The bytes between the last known state of the hash and the start are read again, and not sent.
        position = max(known for known in self._states if known <= start)
        state = self._states[position].copy()
        held = b""
        if position < end:
            with closing(self._source.read(position)) as pieces:
                for whole in pieces:
                    piece = whole[: end - position]
                    state.update(piece)
                    if held:
                        yield held
                    held = piece[max(0, start - position) :]
                    position += len(piece)
                    if position == end:
                        break
        if position < end or (end == self.descriptor.size and f"sha256:{state.hexdigest()}" != self.descriptor.digest):
            self._states = {0: hashlib.sha256()}
            msg = f"The bytes of {self.descriptor.digest[:19]}… are not those that its digest names."
            raise DamagedBlobError(msg, hint="Build the image again; if its base is damaged, check the registry.")
        self._states[end] = state
        if held:
            yield held


class BlobPart:
    """One part of a blob as the body of a request.

    Args:
        blob: The blob.
        start: The first byte.
        end: The byte after the last one.
    """

    def __init__(self, blob: HashedBlob, start: int, end: int) -> None:
        self._blob = blob
        self._start = start
        self._end = end
        self.size = end - start

    def open(self) -> Generator[bytes, None, None]:
        """The pieces of the part."""
        return self._blob.part(self._start, self._end)
