"""The folder or bucket in which machines share their journals and retained releases.

``BIOT_PLUGIN_RECORDS`` names it. A file there is written once and never changed or deleted, so any number of machines
may write at the same time.

::

    <address>/journal/<plugin>/<environment>/<time>-<id>.open.json    a publish that begins
    <address>/journal/<plugin>/<environment>/<time>-<id>.closed.json  how it ended
    <address>/releases/<sha256>                                       a ZIP, a build report or settings
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from builder.archive.atomic_files import atomic_file
from builder.errors import PackagingError, PublishError
from builder.host.store_location import is_bucket_address
from builder.network.s3_bucket import Bucket, BucketAddress, BucketError, BucketErrorKind, has_boto3
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_SHARED_FILE: Final = 0o660
"""Settings hold the values of variables: the team may read them, and nobody else."""
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 30.0
_WAITS: Final = (0.5, 2.0)
"""Seconds before a request to a bucket is repeated that got no answer."""
_HINT: Final = "Check BIOT_PLUGIN_RECORDS and your access to it. Without the variable, only this machine keeps records."


class RecordsLocation(Protocol):
    """Files that several machines share; each name is written once."""

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names that begin with a prefix, sorted. Raises PublishError when they cannot be listed."""

    def read(self, name: str, target: Path) -> bool:
        """Copy a file to ``target``; False when there is none. Raises PublishError when it cannot be read."""

    def write(self, name: str, file: Path) -> None:
        """Add a file, unless the name exists. Raises PublishError when it cannot be written."""


class FolderLocation:
    """A folder, such as a network drive.

    Args:
        folder: It must exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names that begin with a prefix, which ends with a slash."""
        self._require_folder()
        try:
            files = [file for file in (self._folder / prefix).rglob("[!.]*") if file.is_file()]
        except OSError as error:
            raise self._unreadable(error) from error
        return tuple(sorted(file.relative_to(self._folder).as_posix() for file in files))

    def read(self, name: str, target: Path) -> bool:
        """Copy a file."""
        self._require_folder()
        try:
            shutil.copyfile(self._folder / name, target)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unreadable(error) from error
        return True

    def write(self, name: str, file: Path) -> None:
        """Add a file; it appears whole or not at all."""
        self._require_folder()
        target = self._folder / name
        if target.exists():
            return
        try:
            with file.open("rb") as source, atomic_file(target, mode=_SHARED_FILE) as stream:
                shutil.copyfileobj(source, stream, 1 << 20)
        except OSError as error:
            msg = f"The shared records in {self._folder} cannot be written: {error.strerror}."
            raise PublishError(msg, hint=_HINT) from error
        except PackagingError as error:
            raise PublishError(error.message, hint=_HINT) from error

    def _unreadable(self, error: OSError) -> PublishError:
        return PublishError(f"The shared records in {self._folder} cannot be read: {error.strerror}.", hint=_HINT)

    def _require_folder(self) -> None:
        """Refuse a folder that does not exist: it may be a drive that is not mounted."""
        if not self._folder.is_dir():
            msg = f"BIOT_PLUGIN_RECORDS is {self._folder}, and there is no such folder."
            raise PublishError(msg, hint="Create it, or mount its drive.")


class BucketLocation:
    """An S3 bucket.

    Args:
        address: ``s3://BUCKET/PREFIX``.
    """

    def __init__(self, address: BucketAddress) -> None:
        self._bucket = Bucket(address, connect_seconds=_CONNECT_SECONDS, read_seconds=_READ_SECONDS)

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names that begin with a prefix."""
        return self._repeat("read", lambda: self._bucket.names(prefix))

    def read(self, name: str, target: Path) -> bool:
        """Copy an object to a file."""

        def read() -> bool:
            try:
                self._bucket.read(name, target, lambda _: None)
            except BucketError as error:
                if error.kind is BucketErrorKind.ABSENT:
                    return False
                raise
            return True

        return self._repeat("read", read)

    def write(self, name: str, file: Path) -> None:
        """Add an object."""

        def write() -> None:
            if not self._bucket.has(name):
                self._bucket.write(name, file)

        self._repeat("written", write)

    def _repeat(self, action: str, request: Callable[[], T]) -> T:
        for wait in _WAITS:
            try:
                return request()
            except BucketError as error:
                if error.kind is not BucketErrorKind.TRANSIENT:
                    break
                time.sleep(wait)
            except OSError:
                break
        with suppress(OSError):
            try:
                return request()
            except BucketError as error:
                msg = f"The shared records in {self._bucket.address} cannot be {action}: {error.reason}."
                raise PublishError(msg, hint=_HINT) from error
        msg = f"A file of the shared records in {self._bucket.address} cannot be stored on this machine."
        raise PublishError(msg, hint="Check the permissions of the state folder and the free space.")


@lru_cache(maxsize=4)  # a connection to a bucket takes a tenth of a second of processor time
def open_location(text: str) -> RecordsLocation:
    """The location at an address or in a folder, without connecting to it yet.

    Args:
        text: The value of ``BIOT_PLUGIN_RECORDS``.

    Raises:
        PublishError: It is not an address, or boto3 is not installed.
    """
    if not is_bucket_address(text):
        return FolderLocation(Path(text).expanduser().absolute())
    try:
        address = BucketAddress.parse(text)
    except ValueError as error:
        msg = f"BIOT_PLUGIN_RECORDS is {printable(text, 100)}, which is not usable: {error}."
        raise PublishError(msg, hint="Name a folder, or a bucket such as s3://my-bucket/biot-records.") from error
    if not has_boto3():
        msg = f"The shared records in {address} need boto3, which is not installed with the kit."
        raise PublishError(
            msg, hint="Run `pip install 'biot-plugin-kit[s3]'` (pipx: `pipx inject biot-plugin-kit boto3`)."
        )
    return BucketLocation(address)
