"""Which files go into which layer: one layer for each package, and one for the plugin's own files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from builder.archive.package_sizes import OWN_FILES
from builder.image.lambda_images import LAYERS_MAX

if TYPE_CHECKING:
    from builder.build_values import Bundle, Entry

PACKAGE_LAYERS_MAX: Final = 100
"""With more packages, several share a layer (the kit's choice: it leaves room for the layers of any base)."""


class LayerPlan(Struct, frozen=True, kw_only=True):
    """The files of one layer.

    Attributes:
        owners: ``name version`` of each package; empty for the plugin's own files.
        entries: Its files, sorted by path.
    """

    owners: tuple[str, ...]
    entries: tuple[Entry, ...]

    @property
    def label(self) -> str:
        """What the layer contains, for people."""
        return ", ".join(self.owners) or OWN_FILES

    @property
    def size(self) -> int:
        """Bytes of its files, uncompressed."""
        return sum(entry.size for entry in self.entries)


def plan_layers(bundle: Bundle, base_layers: int) -> tuple[LayerPlan, ...]:
    """Divide a bundle into layers: packages by name, then the plugin's own files, which change most often.

    With more packages than layers, the hash of a package's name decides which layer it shares. So a
    package that is added, removed or updated changes one layer and leaves the others as they are.

    Args:
        bundle: The files of the plugin.
        base_layers: Number of layers of the base image.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in bundle.entries:
        groups.setdefault(entry.owner, []).append(entry)
    own = groups.pop("", [])
    room = min(PACKAGE_LAYERS_MAX, LAYERS_MAX - base_layers - 1)
    packages = [(owner,) for owner in sorted(groups)] if len(groups) <= room else _shared(sorted(groups), room)
    layers = [_plan(owners, [entry for owner in owners for entry in groups[owner]]) for owners in packages]
    return (*layers, *([_plan((), own)] if own else []))


def _plan(owners: tuple[str, ...], entries: list[Entry]) -> LayerPlan:
    return LayerPlan(owners=owners, entries=tuple(sorted(entries, key=lambda entry: entry.path.encode())))


def _shared(owners: list[str], layers: int) -> list[tuple[str, ...]]:
    shared: dict[int, list[str]] = {}
    for owner in owners:
        name = owner.rpartition(" ")[0]
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % layers
        shared.setdefault(number, []).append(owner)
    return [tuple(shared[number]) for number in sorted(shared)]
