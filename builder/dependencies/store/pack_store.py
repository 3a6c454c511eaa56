"""The content-addressed store of packs on this machine.

::

    packs/<2 hex>/<key>.zip     the pack: a wheel as downloaded, or an npm package converted to a ZIP;
                                its modification time is its last use
    packs/<2 hex>/<key>.index   its content, bound to the pack by sha256 and size
    layers/                     layers of container images (``layer_store``)
    builds/                     a record of the last build of each plugin (``builder.last_build``), and what was found
                                in its own files (``builder.archive.file_results``)
    work/                       unfinished files; on the same file system, so a finished one is moved by one rename

The store is not trusted: every pack is hashed each time it is used (38 MB take about 22 ms), and a pack with a wrong
digest counts as absent. Two builds may add the same pack at once: both write whole files of equal content.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.dependencies.store.pack_index import PackIndex, dump_index, load_index
from builder.errors import DependencyError
from builder.host.fingerprint import code_digest
from builder.host.store_location import STORE_VARIABLE, is_bucket_address, store_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.build_values import PackMember
    from builder.dependencies.store.shared_store import SharedStore

READING_CODE = (
    "archive/",
    "dependencies/store/pack_index.py",
    "errors.py",
    "platform/limits.py",
    "quoting.py",
    "build_values.py",
)
"""The code that reads which files a pack contains."""
_ABANDONED_AFTER_SECONDS = 24 * 60 * 60
_RECORD_USE_AFTER_SECONDS = 10 * 60
"""A use is recorded at most this often; pruning keeps what was used within an hour."""


class StoredPack(Struct, frozen=True, kw_only=True):
    """An undamaged pack in the store."""

    file: Path
    members: tuple[PackMember, ...]


class Store(Struct, frozen=True):
    """The packs below one folder. The folder need not exist yet.

    Attributes:
        folder: On this machine.
        shared: Where packages that are not in the folder are looked for before the index; None for nowhere.
    """

    folder: Path
    shared: SharedStore | None = None

    def find(self, key: str, *, sha256: str | None = None) -> StoredPack | None:
        """The pack under a key, after checking its size and digest.

        Args:
            key: Hex key it was added under.
            sha256: Digest that the lock requires of the pack itself (wheels); otherwise its index has it.

        Returns:
            The pack; None when it is absent or damaged and must be fetched again.
        """
        file = self._path_of(key)
        index = read_index(file)
        try:
            if sha256 is not None and (index is None or index.reader != code_digest(*READING_CODE)):
                return self._rebuild_index(key, file, sha256)
            if index is None:
                return None
            if sha256 not in {None, index.sha256} or file.stat().st_size != index.size:
                return None
            if file_sha256(file) != index.sha256:
                return None
            record_use(file)
        except FileNotFoundError:
            return None
        return StoredPack(file=file, members=index.members)

    def add(self, key: str, pack: Path) -> StoredPack:
        """Move a finished file of ``work_folder()`` into the store under ``key``.

        Raises:
            VerificationError: The file is not a ZIP that all tools read alike.
        """
        from builder.archive.reader import read_members

        index = PackIndex(
            sha256=file_sha256(pack),
            size=pack.stat().st_size,
            reader=code_digest(*READING_CODE),
            members=read_members(pack),
        )
        path = self._path_of(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.utime(pack)  # a downloader may have set the date of its release
        pack.replace(path)
        with self.work_folder() as folder:
            new = folder / "index"
            new.write_bytes(dump_index(index))
            new.replace(path.with_suffix(".index"))
        return StoredPack(file=path, members=index.members)

    @contextmanager
    def work_folder(self) -> Iterator[Path]:
        """A private folder on the store's file system, removed afterwards. Removes what killed builds left a day ago.

        Raises:
            DependencyError: The store is not writable.
        """
        import shutil
        import tempfile

        root = self.folder / "work"
        try:
            root.mkdir(parents=True, exist_ok=True)
            folder = tempfile.TemporaryDirectory(dir=root, ignore_cleanup_errors=True)
        except OSError as error:
            message = f"The package store {self.folder} is not writable: {error.strerror}."
            hint = f"Set the environment variable {STORE_VARIABLE} to a folder of yours."
            raise DependencyError(message, hint=hint) from error
        for old in root.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - old.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                    shutil.rmtree(old, ignore_errors=True)
        with folder as name:
            yield Path(name)

    def _path_of(self, key: str) -> Path:
        return self.folder / "packs" / key[:2] / f"{key}.zip"

    def _rebuild_index(self, key: str, file: Path, sha256: str) -> StoredPack | None:
        """An undamaged wheel whose index is missing, damaged or from another kit version needs no new download."""
        import shutil

        if file_sha256(file) != sha256:
            return None
        with self.work_folder() as folder:
            copy = folder / "pack.zip"
            shutil.copyfile(file, copy)
            return self.add(key, copy)


def record_use(pack: Path) -> None:
    """Set the pack's modification time to its last use; a read-only store stays unchanged."""
    if time.time() - pack.stat().st_mtime > _RECORD_USE_AFTER_SECONDS:
        with suppress(OSError):
            os.utime(pack)


def file_sha256(file: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def default_store() -> Store:
    """The store in the folder that this process's environment names, without a shared store."""
    return Store(store_folder("", os.environ))


def open_store(location: str = "") -> Store:
    """The store to build with.

    Args:
        location: A folder or ``s3://bucket/prefix``. It takes precedence over ``BIOT_PLUGIN_STORE``; if one is a folder
            and the other an address, both count.

    Raises:
        DependencyError: An address is not valid, or boto3 is not installed.
    """
    variable = os.environ.get(STORE_VARIABLE, "")
    folder = store_folder(location, os.environ)
    address = next((one for one in (location, variable) if is_bucket_address(one)), "")
    if not address:
        return Store(folder)
    from builder.dependencies.store.shared_store import open_shared_store

    return Store(folder, open_shared_store(address))


def read_index(pack: Path) -> PackIndex | None:
    """The index beside a pack; None when it is missing or damaged."""
    try:
        return load_index(pack.with_suffix(".index").read_bytes())
    except FileNotFoundError:
        return None
