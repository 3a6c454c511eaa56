"""Uploads of blobs: each is a file that grows, and that a client can resume, also after a restart."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_ID = re.compile(r"[0-9a-f]{32}")
_PIECE = 1 << 20
"""Bytes that are collected in memory before they are written and hashed in a thread."""


class UnfinishedBlob:
    """One upload. Only the request that holds ``lock`` may use it.

    Args:
        path: Its file.

    Attributes:
        lock: Lets requests to the same upload take turns: a client that lost its connection resumes at once, while its
            previous request may still be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = asyncio.Lock()
        self._digest = hashlib.sha256()
        self._hashed = 0

    @property
    def size(self) -> int:
        """The bytes received so far."""
        return self.path.stat().st_size

    async def receive(self, pieces: AsyncIterator[bytes]) -> int:
        """Append a body, and return its number of bytes. What arrived before a client went away is kept."""
        waiting, received = bytearray(), 0
        try:
            async for piece in pieces:
                waiting += piece
                received += len(piece)
                if len(waiting) >= _PIECE:
                    await run_in_threadpool(self._append, bytes(waiting))
                    waiting.clear()
        except ClientDisconnect:
            await run_in_threadpool(self._append, bytes(waiting))
            raise
        await run_in_threadpool(self._append, bytes(waiting))
        return received

    def finish(self) -> str:
        """Flush the file to the disk, and return its digest."""
        self._hash_rest()
        with self.path.open("rb") as stream:
            os.fsync(stream.fileno())
        return f"sha256:{self._digest.hexdigest()}"

    def _append(self, data: bytes) -> None:
        self._hash_rest()
        with self.path.open("ab") as stream:
            stream.write(data)
        self._digest.update(data)
        self._hashed += len(data)

    def _hash_rest(self) -> None:
        """Hash what an earlier process, or a write that failed halfway, has left in the file."""
        if self._hashed == self.size:
            return
        with self.path.open("rb") as stream:
            stream.seek(self._hashed)
            while piece := stream.read(_PIECE):
                self._digest.update(piece)
                self._hashed += len(piece)


class UnfinishedBlobs:
    """All uploads in progress.

    Args:
        folder: The folder of their files, which is created when the first one starts.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sessions: dict[str, UnfinishedBlob] = {}

    def start(self) -> str:
        """Start an upload and return its id."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        upload = secrets.token_hex(16)
        (self._folder / upload).touch(mode=0o600, exist_ok=False)
        return upload

    @asynccontextmanager
    async def use(self, upload: str) -> AsyncIterator[UnfinishedBlob]:
        """Use an upload alone.

        Raises:
            ApiError: 404 ``BLOB_UPLOAD_UNKNOWN``: there is no such upload, or it is finished.
        """
        self._require(upload)
        session = self._sessions.setdefault(upload, UnfinishedBlob(self._folder / upload))
        async with session.lock:
            self._require(upload)  # the request before may have finished it
            try:
                yield session
            finally:
                if not session.path.exists():
                    self._sessions.pop(upload, None)

    def _require(self, upload: str) -> None:
        if not _ID.fullmatch(upload) or not (self._folder / upload).is_file():
            msg = "There is no such upload: it was finished, cancelled, or never started."
            raise ApiError(404, "BLOB_UPLOAD_UNKNOWN", msg)
