"""Packages without the files that their function never reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from builder.build_values import Pack, PackMember
    from builder.coldstart.prune_sets import PruneSet
    from builder.platform.runtimes import Language

_STUB_READER = "lazy-loader"
"""``lazy_loader.attach_stub`` reads the ``__init__.pyi`` of the package that calls it, at run time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PruneSaving:
    """What one set would take away: bytes as they lie compressed in the ZIP."""

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

    chosen, stubs_read = [SETS[name] for name in names], _stubs_are_read(packs)
    return tuple(
        replace(
            pack,
            members=tuple(
                member for member in pack.members if not _goes(member, chosen, language, stubs_read=stubs_read)
            ),
        )
        for pack in packs
    )


def savings(packs: Sequence[Pack], language: Language) -> tuple[PruneSaving, ...]:
    """What each set would take away from these packs, the largest first.

    Args:
        packs: As they go into the artifact.
        language: Of the runtime.
    """
    from builder.coldstart.prune_sets import SETS

    stubs_read = _stubs_are_read(packs)
    found = [
        PruneSaving(
            name=one.name,
            packed_size=sum(
                member.compressed_size * len(pack.package.places)
                for pack in packs
                for member in pack.members
                if _goes(member, (one,), language, stubs_read=stubs_read)
            ),
        )
        for one in SETS.values()
    ]
    return tuple(sorted(found, key=lambda saving: (-saving.packed_size, saving.name)))


def _goes(member: PackMember, sets: Iterable[PruneSet], language: Language, *, stubs_read: bool) -> bool:
    if stubs_read and member.path.endswith("/__init__.pyi"):
        return False
    return any(one.matches(member.path, language) for one in sets)


def _stubs_are_read(packs: Iterable[Pack]) -> bool:
    return any(pack.package.name == _STUB_READER for pack in packs)
