"""The store of packs, as far as bytecode needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from builder.values import PackMember


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
