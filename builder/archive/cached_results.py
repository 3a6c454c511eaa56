"""What was found out about packages once, kept as a small pack in the store: hashed on every use, pruned like the rest.

An answer follows from its question alone, so it never grows old: what decides it stands in the question, the kit's own
code too. Answers are never shared between machines, because nobody could tell a wrong one from a right one.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from builder.archive.reader import read_content
from builder.build_values import REGULAR_MODE
from builder.errors import KitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from builder.build_values import PackMember

ANSWER_NAME = "answer.json"
"""The one file in a pack that keeps an answer."""

A = TypeVar("A")


class KeptPack(Protocol):
    """A pack that is in the store and whole."""

    @property
    def file(self) -> Path:
        """Where it lies."""

    @property
    def members(self) -> tuple[PackMember, ...]:
        """What is inside."""


class Packs(Protocol):
    """Where packs are kept and found again by a key."""

    def find(self, key: str) -> KeptPack | None:
        """The pack under a key, if it is there and whole."""

    def add(self, key: str, pack: Path) -> KeptPack:
        """Keep a finished file of ``work()`` under a key."""

    def work(self) -> AbstractContextManager[Path]:
        """A private folder, gone afterwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Answers to questions about the same things.

    Attributes:
        store: Keeps them; with None nothing is remembered.
        about: Everything that all answers follow from.
    """

    store: Packs | None = None
    about: tuple[str, ...] = ()

    def once(self, question: str, answer: Callable[[], A]) -> A:
        """The answer as it was kept, or else as it is found out now; a store that cannot be written keeps nothing.

        Args:
            question: Its name.
            answer: Finds it out. It must be as JSON gives it back: objects with texts as keys, lists, texts, numbers.
        """
        if self.store is None:
            return answer()
        key = hashlib.sha256(json.dumps([question, *self.about]).encode()).hexdigest()
        kept = self.store.find(key)
        if kept is not None:
            # The digests hold, so this very code wrote it.
            return cast("A", json.loads(read_content(kept.file, kept.members[0])))
        found = answer()
        with suppress(KitError, OSError):
            _keep(self.store, key, json.dumps(found, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        return found


def _keep(store: Packs, key: str, data: bytes) -> None:
    from builder.archive.writer import pack_members

    with store.work() as folder:
        pack = folder / "answer.zip"
        pack_members([(ANSWER_NAME, REGULAR_MODE, data)], pack)
        store.add(key, pack)
