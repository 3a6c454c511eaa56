"""Unpacked code: each artifact once, in a folder named by its digest, without write permission."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import time
import zipfile
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from builder.platform.limits import UNZIPPED_MAX
from sandbox.functions.function_errors import FunctionUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

_UNUSED_SECONDS = 7 * 24 * 3600
_READ_AND_EXECUTE = 0o555


class CodeFolders:
    """The folder that contains the unpacked code of all artifacts; several processes may share it.

    Args:
        folder: Created if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def unpack(self, artifact: Path, sha256: str) -> Path:
        """Return the folder with the code of an artifact, unpacked now or earlier.

        Raises:
            FunctionUnavailableError: The artifact is missing, or is not a ZIP that is safe to unpack.
        """
        target = self._folder / sha256
        with suppress(FileNotFoundError):
            os.utime(target)  # recently used
            return target
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._folder / f".{secrets.token_hex(8)}"
        try:
            _unpack(artifact, partial)
            partial.rename(target)
        except OSError as error:
            delete_folder(partial)
            if target.is_dir():  # another process was faster
                return target
            message = f"The code {artifact} cannot be unpacked: {error.strerror or error}."
            raise FunctionUnavailableError(message, hint="Check the file, and the free space of its folder.") from error
        self._delete_unused()
        return target

    def _delete_unused(self) -> None:
        oldest = time.time() - _UNUSED_SECONDS
        for folder in self._folder.iterdir():
            with suppress(OSError):
                if folder.stat().st_mtime < oldest:
                    delete_folder(folder)


def delete_folder(folder: Path) -> None:
    """Delete a folder whose folders may be write-protected; what another process uses stays."""
    with suppress(OSError):
        for parent, _folders, _files in os.walk(folder):
            os.chmod(parent, stat.S_IRWXU)  # noqa: PTH101 - os.walk gives texts
    shutil.rmtree(folder, ignore_errors=True)


def _unpack(artifact: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    try:
        with zipfile.ZipFile(artifact) as archive:
            _extract(archive, folder)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        delete_folder(folder)
        message = f"{artifact} is not a ZIP that Lambda could unpack: {error}."
        raise FunctionUnavailableError(message, hint="Build it again with `biot-plugin package`.") from error


def _extract(archive: zipfile.ZipFile, folder: Path) -> None:
    if sum(info.file_size for info in archive.infolist()) > UNZIPPED_MAX:
        message = f"it unpacks to more than {UNZIPPED_MAX} bytes"
        raise zipfile.BadZipFile(message)
    made = {folder}
    for info in archive.infolist():
        path = folder / info.filename
        if ".." in info.filename.split("/") or info.filename.startswith("/"):
            message = f"{info.filename} would be outside of the folder"
            raise zipfile.BadZipFile(message)
        parent = path if info.is_dir() else path.parent
        if parent not in made:
            parent.mkdir(parents=True, exist_ok=True)
            made.update((parent, *(one for one in parent.parents if one.is_relative_to(folder))))
        if not info.is_dir():
            path.write_bytes(archive.read(info))
            # A ZIP without Unix modes has 0 here; Lambda makes such files readable.
            path.chmod(((info.external_attr >> 16) & _READ_AND_EXECUTE) or 0o444)
    for parent in made:
        parent.chmod(_READ_AND_EXECUTE)
