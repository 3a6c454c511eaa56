"""One line that says which choice of the manifest would make the artifact better, where it would matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.coldstart.pruning import Saving

WORTH_TELLING: Final = 0.05
"""Share of the ZIP from which on a saving is told (the kit's choice)."""
_MB: Final = 1 << 20


def prune_advice(savings: Iterable[Saving], zip_size: int) -> tuple[str, ...]:
    """What pruning would save: one line, or none when no set would save more than a twentieth of the ZIP.

    Args:
        savings: Of the sets that the manifest does not name yet.
        zip_size: Bytes of the ZIP as it is now.
    """
    told = [
        f'"{saving.name}" {saving.packed_size / _MB:.1f} MB ({saving.packed_size / zip_size:.0%})'
        for saving in savings
        if saving.packed_size > zip_size * WORTH_TELLING
    ]
    return (f"[build] prune would save: {', '.join(told)}",) if told else ()
