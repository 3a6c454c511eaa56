"""The content-addressed store of packs on this machine.

::

    packs/<2 hex>/<key>.zip     the pack; a wheel as it was downloaded, an npm package as it was turned into a ZIP;
                                its modification time is its last use
    packs/<2 hex>/<key>.index   what is inside, bound to the pack by sha256 and size
    work/                       files under way; the same file system, so a finished one is moved in by one rename

Nothing in the store is believed: every pack is hashed each time it is used (38 MB take about 22 ms), and what does not
hold its digest counts as absent. Two builds may add the same pack at once: both write whole files of equal content.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.dependencies.store.pack_index import PackIndex, dump_index, load_index
from builder.errors import DependencyError
from builder.fingerprint import code_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.build_values import PackMember
    from builder.dependencies.store.shared_store import SharedStore

STORE_VARIABLE = "BIOT_PLUGIN_STORE"
READING_CODE = (
    "archive/",
    "dependencies/store/pack_index.py",
    "errors.py",
    "platform/limits.py",
    "quoting.py",
    "build_values.py",
)
"""What says which files a pack holds."""
_ABANDONED_AFTER_SECONDS = 24 * 60 * 60
_USED_LATELY_SECONDS = 10 * 60
"""A use is marked at most so often; pruning spares what was used within an hour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredPack:
    """A pack that is in the store and whole."""

    file: Path
    members: tuple[PackMember, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """The packs below one folder. The folder need not exist yet.

    Attributes:
        folder: On this machine.
        shared: Where packages that the folder lacks are looked for before an index is asked; None for nowhere.
    """

    folder: Path
    shared: SharedStore | None = None

    def find(self, key: str, *, sha256: str | None = None) -> StoredPack | None:
        """The pack under a key, after its size and digest were checked.

        Args:
            key: Hex key it was added under.
            sha256: What the pack itself must hash to, where the lock says so (wheels); else what its index says.

        Returns:
            The pack, or None when it is absent or damaged: then it must be fetched again.
        """
        file = self._place(key)
        index = read_index(file)
        try:
            if sha256 is not None and (index is None or index.reader != code_digest(*READING_CODE)):
                return self._index_again(key, file, sha256)
            if index is None:
                return None
            if sha256 not in {None, index.sha256} or file.stat().st_size != index.size:
                return None
            if file_sha256(file) != index.sha256:
                return None
            _mark_used(file)
        except FileNotFoundError:
            return None
        return StoredPack(file=file, members=index.members)

    def add(self, key: str, pack: Path) -> StoredPack:
        """Move a finished file of ``work()`` into the store under ``key``.

        Raises:
            VerificationError: The file is not a ZIP that everybody reads alike.
        """
        from builder.archive.reader import read_members

        index = PackIndex(
            sha256=file_sha256(pack),
            size=pack.stat().st_size,
            reader=code_digest(*READING_CODE),
            members=read_members(pack),
        )
        place = self._place(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.utime(pack)  # a downloader may have set the day of its release
        pack.replace(place)
        with self.work() as folder:
            waiting = folder / "index"
            waiting.write_bytes(dump_index(index))
            waiting.replace(place.with_suffix(".index"))
        return StoredPack(file=place, members=index.members)

    @contextmanager
    def work(self) -> Iterator[Path]:
        """A private folder on the store's file system; gone afterwards. Clears what killed builds left a day ago.

        Raises:
            DependencyError: The store cannot be written.
        """
        import shutil
        import tempfile

        root = self.folder / "work"
        try:
            root.mkdir(parents=True, exist_ok=True)
            folder = tempfile.TemporaryDirectory(dir=root, ignore_cleanup_errors=True)
        except OSError as error:
            message = f"The store of packages cannot be written: {self.folder}: {error.strerror}."
            hint = f"Name a folder of yours in the environment variable {STORE_VARIABLE}."
            raise DependencyError(message, hint=hint) from error
        for old in root.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - old.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                    shutil.rmtree(old, ignore_errors=True)
        with folder as name:
            yield Path(name)

    def _place(self, key: str) -> Path:
        return self.folder / "packs" / key[:2] / f"{key}.zip"

    def _index_again(self, key: str, file: Path, sha256: str) -> StoredPack | None:
        """A sound wheel whose index is gone, damaged or made by another kit needs no new download."""
        import shutil

        if file_sha256(file) != sha256:
            return None
        with self.work() as folder:
            copy = folder / "pack.zip"
            shutil.copyfile(file, copy)
            return self.add(key, copy)


def _mark_used(pack: Path) -> None:
    """Let the pack's modification time be its last use; a store that this user cannot write stays as it is."""
    if time.time() - pack.stat().st_mtime > _USED_LATELY_SECONDS:
        with suppress(OSError):
            os.utime(pack)


def file_sha256(file: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def store_folder(environment: Mapping[str, str]) -> Path:
    """Where packs are kept: ``BIOT_PLUGIN_STORE`` if it names a folder, or the user's cache folder."""
    named = environment.get(STORE_VARIABLE)
    if named and not is_bucket_address(named):
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("biot-plugin-kit", appauthor=False) / "store"


def default_store() -> Store:
    """The folder of packs that the environment of this process names, without what is shared."""
    return Store(store_folder(os.environ))


def open_store(named: str = "") -> Store:
    """The store to build with.

    Args:
        named: A folder or ``s3://bucket/prefix``. It goes before ``BIOT_PLUGIN_STORE``, which may name one of the other
            kind, so that both count.

    Raises:
        DependencyError: An address is none, or boto3 is not installed.
    """
    by_environment = os.environ.get(STORE_VARIABLE, "")
    folder = store_folder({STORE_VARIABLE: named} if named and not is_bucket_address(named) else os.environ)
    address = next((one for one in (named, by_environment) if is_bucket_address(one)), "")
    if not address:
        return Store(folder)
    from builder.dependencies.store.shared_store import open_shared_store

    return Store(folder, open_shared_store(address))


def is_bucket_address(named: str) -> bool:
    """Whether a text is meant as an address and not as a folder."""
    return "://" in named


def read_index(pack: Path) -> PackIndex | None:
    """What lies in a pack, as the index beside it says; None when there is none that is whole."""
    try:
        return load_index(pack.with_suffix(".index").read_bytes())
    except FileNotFoundError:
        return None
