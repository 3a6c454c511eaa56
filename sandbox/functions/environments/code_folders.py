"""Unpacked code: each artifact and image once, in a folder named by its digest, without write permission."""

from __future__ import annotations

import hashlib
import mmap
import os
import secrets
import shutil
import stat
import time
import zipfile
import zlib
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from builder.platform.limits import UNZIPPED_MAX
from sandbox.functions.environments.shared_files import SharedFiles
from sandbox.functions.function_errors import FunctionUnavailableError
from sandbox.functions.images.unpacked_code import unpack_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox.functions.images.function_image import FunctionImage

_UNUSED_SECONDS = 24 * 3600
"""Code is deleted when no environment was started with it for so long: every save leaves one behind."""
_READ_AND_EXECUTE = 0o555
_SHARED = ".files"


class CodeFolders:
    """The folder that contains the unpacked code of all artifacts; several processes may share it.

    Args:
        folder: Created if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shared = SharedFiles(folder / _SHARED)

    def unpack(self, artifact: Path, sha256: str) -> Path:
        """Return the folder with the code of an artifact, unpacked now or earlier.

        Raises:
            FunctionUnavailableError: The artifact is missing or has another digest, or is not a ZIP that is safe to
                unpack.
        """
        return self._folder_of(sha256, partial(self._unpack, artifact, sha256), f"The code {artifact}")

    def unpack_image(self, image: FunctionImage) -> Path:
        """Return the folder with the code of an image, unpacked now or earlier.

        Raises:
            FunctionUnavailableError: A layer is missing, damaged or unsafe.
        """
        name = image.digest.removeprefix("sha256:")
        return self._folder_of(name, partial(unpack_image, image), f"The image {image.digest}")

    def _folder_of(self, name: str, unpack: Callable[[Path], object], what: str) -> Path:
        """Return a folder; if it is missing, unpack something into a new one first."""
        target = self._folder / name
        with suppress(FileNotFoundError):
            os.utime(target)  # recently used
            return target
        (self._folder / _SHARED).mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._folder / f".{secrets.token_hex(8)}"
        try:
            unpack(new)
            new.rename(target)
        except OSError as error:
            delete_folder(new)
            if target.is_dir():  # another process was faster
                return target
            message = f"{what} cannot be unpacked: {error.strerror or error}."
            raise FunctionUnavailableError(message, hint="Check the file, and the free space of its folder.") from error
        except FunctionUnavailableError:
            delete_folder(new)
            raise
        self._delete_unused()
        return target

    def _unpack(self, artifact: Path, sha256: str, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        try:
            with artifact.open("rb") as stream, zipfile.ZipFile(stream) as archive:
                data = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
                _require_digest(data, sha256)
                self._extract(archive, data, str(folder))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            message = f"{artifact} is not a ZIP that Lambda could unpack: {error}."
            raise FunctionUnavailableError(message, hint="Build it again with `biot-plugin package`.") from error

    def _extract(self, archive: zipfile.ZipFile, data: memoryview, folder: str) -> None:
        members = archive.infolist()
        if sum(member.file_size for member in members) > UNZIPPED_MAX:
            message = f"it unpacks to more than {UNZIPPED_MAX} bytes"
            raise zipfile.BadZipFile(message)
        made = {folder}
        for member in members:
            if ".." in member.filename.split("/") or member.filename.startswith("/"):
                message = f"{member.filename} would be outside of the folder"
                raise zipfile.BadZipFile(message)
            parent, _, name = member.filename.rpartition("/")
            _make_folders(folder, parent, made)
            if name:
                self._shared.place(data, member, f"{folder}/{member.filename}")
        for path in made:
            os.chmod(path, _READ_AND_EXECUTE)  # noqa: PTH101 - texts are faster

    def _delete_unused(self) -> None:
        oldest = time.time() - _UNUSED_SECONDS
        deleted = False
        for folder in self._folder.iterdir():
            with suppress(OSError):
                if folder.name != _SHARED and folder.stat().st_mtime < oldest:
                    delete_folder(folder)
                    deleted = True
        if deleted:
            self._shared.delete_unused()


def delete_folder(folder: Path) -> None:
    """Delete a folder whose folders may be write-protected; what another process uses stays."""
    with suppress(OSError):
        for parent, _folders, _files in os.walk(folder):
            os.chmod(parent, stat.S_IRWXU)  # noqa: PTH101 - os.walk gives texts
    shutil.rmtree(folder, ignore_errors=True)


def _require_digest(data: memoryview, sha256: str) -> None:
    if hashlib.sha256(data).hexdigest() != sha256:
        message = "another program has changed it"
        raise zipfile.BadZipFile(message)


def _make_folders(folder: str, inner: str, made: set[str]) -> None:
    """Make the folders of a path inside the folder, from the outermost on."""
    path = f"{folder}/{inner}" if inner else folder
    if path not in made:
        _make_folders(folder, inner.rpartition("/")[0], made)
        os.mkdir(path)  # noqa: PTH102
        made.add(path)
