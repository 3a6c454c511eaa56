"""Removes files from packages that the function never reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from builder.build_values import Pack, PackMember
    from builder.coldstart.prune_sets import PruneSet
    from builder.platform.runtimes import Language

_STUB_READER = "lazy-loader"
"""``lazy_loader.attach_stub`` reads the ``__init__.pyi`` of the calling package at run time."""


class PruneSaving(Struct, frozen=True, kw_only=True):
    """What one set would save: compressed bytes in the ZIP."""

    name: str
    packed_size: int


def prune_packs(packs: Sequence[Pack], names: Sequence[str], language: Language) -> tuple[Pack, ...]:
    """The packs without the members that the named sets match.

    Args:
        packs: As collected.
        names: Names of sets.
        language: Of the runtime.
    """
    if not names:
        return tuple(packs)
    from builder.coldstart.prune_sets import SETS

    sets, stubs_read = [SETS[name] for name in names], _stubs_are_read(packs)
    return tuple(
        replace(
            pack,
            members=tuple(
                member for member in pack.members if not _is_pruned(member, sets, language, stubs_read=stubs_read)
            ),
        )
        for pack in packs
    )


def prune_savings(packs: Sequence[Pack], language: Language) -> tuple[PruneSaving, ...]:
    """What each set would save in these packs, the largest first.

    Args:
        packs: As they go into the artifact.
        language: Of the runtime.
    """
    from builder.coldstart.prune_sets import SETS

    stubs_read = _stubs_are_read(packs)
    unsorted = [
        PruneSaving(
            name=prune_set.name,
            packed_size=sum(
                member.compressed_size * len(pack.package.places)
                for pack in packs
                for member in pack.members
                if _is_pruned(member, (prune_set,), language, stubs_read=stubs_read)
            ),
        )
        for prune_set in SETS.values()
    ]
    return tuple(sorted(unsorted, key=lambda saving: (-saving.packed_size, saving.name)))


def _is_pruned(member: PackMember, sets: Iterable[PruneSet], language: Language, *, stubs_read: bool) -> bool:
    if stubs_read and member.path.endswith("/__init__.pyi"):
        return False
    return any(prune_set.matches(member.path, language) for prune_set in sets)


def _stubs_are_read(packs: Iterable[Pack]) -> bool:
    return any(pack.package.name == _STUB_READER for pack in packs)
