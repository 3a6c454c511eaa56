"""Leaves out binaries that Lambda cannot load, of npm packages with a binary for each platform.

Only ``.node`` files and files under ``prebuilds/`` count, because npm's loaders choose among these by platform. Other
programs in a package may be its data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from builder.natives.loader_view import PlacedFile
from builder.natives.native_scan import ScannedPack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.build_values import PackMember
    from builder.natives.native_files import NativeFile

_CODE = (".js", ".cjs", ".mjs")
_PREBUILDS = re.compile(r"(?:^|/)prebuilds/")
_PLATFORM = re.compile(r"(?<![a-z0-9])(?:linux|gnu|glibc|musl|x64|amd64)(?![a-z0-9])")


class RemainingPacks(Struct, frozen=True, kw_only=True):
    """Packages without the binaries of other platforms.

    Attributes:
        packs: Without packages that contained nothing but such a binary.
        left_out: ``name version`` -> the number of files left out, and their bytes.
    """

    packs: tuple[ScannedPack, ...]
    left_out: Mapping[str, tuple[int, int]]


def drop_foreign_prebuilds(scanned: Sequence[ScannedPack]) -> RemainingPacks:
    """Leave out the prebuilt binaries of other platforms.

    A binary for musl stays when there is none for glibc, so that the check can refuse it by name.
    """
    glibc = frozenset(
        _family(one, path)
        for one in scanned
        for path, native in one.natives.items()
        if _is_prebuilt(path) and runs_on_lambda(path, native)
    )
    packs: list[ScannedPack] = []
    left_out: dict[str, tuple[int, int]] = {}
    for one in scanned:
        foreign = {
            path for path, native in one.natives.items() if _is_prebuilt(path) and _is_foreign(one, path, native, glibc)
        }
        rest = tuple(member for member in one.pack.members if member.path not in foreign)
        if foreign and not any(member.path.endswith(_CODE) or member.path in one.natives for member in rest):
            rest = ()
        if foreign:
            remaining = {member.path for member in rest}
            left_out[one.owner] = _count(one, [member for member in one.pack.members if member.path not in remaining])
        if rest:
            natives = {path: native for path, native in one.natives.items() if path not in foreign}
            packs.append(ScannedPack(pack=replace(one.pack, members=rest), natives=natives) if foreign else one)
    return RemainingPacks(packs=tuple(packs), left_out=left_out)


def runs_on_lambda(path: str, native: NativeFile) -> bool:
    """Whether it is code for x86-64 Linux with glibc."""
    placed = PlacedFile(path=path, owner="", native=native)
    return placed.runs and not placed.is_musl


def _is_prebuilt(path: str) -> bool:
    return path.endswith(".node") or bool(_PREBUILDS.search(path))


def _is_foreign(scanned: ScannedPack, path: str, native: NativeFile, glibc: frozenset[str]) -> bool:
    placed = PlacedFile(path=path, owner="", native=native)
    if placed.is_musl and placed.runs:
        return _family(scanned, path) in glibc
    return not placed.runs and not (placed.elf and placed.elf.damage)


def _family(scanned: ScannedPack, path: str) -> str:
    """Package and file name without platform words: the same for the glibc and the musl build of one binary."""
    return re.sub(r"[-._/]+", "-", _PLATFORM.sub("", f"{scanned.pack.package.name}/{path}"))


def _count(scanned: ScannedPack, members: Sequence[PackMember]) -> tuple[int, int]:
    places = len(scanned.pack.package.places)
    return len(members) * places, sum(member.size for member in members) * places
