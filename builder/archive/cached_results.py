"""Results about packages that were computed once, each stored as a small pack: hashed on every use, pruned as usual.

A result follows from its inputs alone, so it never grows old: everything that decides it is part of
its key, the kit's own code too. Results are never shared between machines, because nobody could
tell a wrong one from a right one.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from msgspec import Struct

from builder.archive.reader import read_content
from builder.build_values import REGULAR_MODE
from builder.errors import KitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from builder.build_values import PackMember

RESULT_NAME = "answer.json"
"""The only file in a pack that holds a result."""

R = TypeVar("R")


class ResultPack(Protocol):
    """A pack in the store that holds one result."""

    @property
    def file(self) -> Path:
        """Its file."""

    @property
    def members(self) -> tuple[PackMember, ...]:
        """The files inside."""


class PackStorage(Protocol):
    """A place where packs are stored and found by a key."""

    def find(self, key: str) -> ResultPack | None:
        """The pack under a key, or None when it is missing or damaged."""

    def add(self, key: str, pack: Path) -> ResultPack:
        """Store a finished file of ``work_folder()`` under a key."""

    def work_folder(self) -> AbstractContextManager[Path]:
        """A private folder, deleted afterwards."""


class ResultCache(Struct, frozen=True, kw_only=True):
    """Results of computations about the same inputs.

    Attributes:
        store: Stores them; with None every result is computed again.
        inputs: Everything that all results follow from.
    """

    store: PackStorage | None = None
    inputs: tuple[str, ...] = ()

    def get_or_compute(self, name: str, compute: Callable[[], R]) -> R:
        """The stored result, or else the computed one, which is then stored. A read-only store stores nothing.

        Args:
            name: Of the computation.
            compute: Returns a result that JSON keeps: objects with strings as keys, lists, strings,
                numbers.
        """
        if self.store is None:
            return compute()
        key = hashlib.sha256(json.dumps([name, *self.inputs]).encode()).hexdigest()
        stored = self.store.find(key)
        if stored is not None:
            # The digests are right, so this very code wrote it.
            return cast("R", json.loads(read_content(stored.file, stored.members[0])))
        result = compute()
        with suppress(KitError, OSError):
            _store(self.store, key, json.dumps(result, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        return result


def _store(store: PackStorage, key: str, data: bytes) -> None:
    from builder.archive.writer import pack_members  # only for a result that is new

    with store.work_folder() as folder:
        pack = folder / "answer.zip"
        pack_members([(RESULT_NAME, REGULAR_MODE, data)], pack)
        store.add(key, pack)
