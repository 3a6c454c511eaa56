"""npm packages that carry a binary for every platform: those that Lambda cannot load stay out of the artifact.

Only ``.node`` files are judged, and what lies under ``prebuilds/``: that is what loaders choose from by platform. Other
programs in a package may be its data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.natives.loader_view import PlacedFile
from builder.natives.native_scan import ScannedPack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.build_values import PackMember
    from builder.natives.native_files import NativeFile

_CODE = (".js", ".cjs", ".mjs")
_PREBUILDS = re.compile(r"(?:^|/)prebuilds/")
_PLATFORM = re.compile(r"(?<![a-z0-9])(?:linux|gnu|glibc|musl|x64|amd64)(?![a-z0-9])")


@dataclass(frozen=True, kw_only=True, slots=True)
class RemainingPacks:
    """Packages without the binaries of other platforms.

    Attributes:
        kept: What goes on; a package that held nothing but such a binary is gone.
        left_out: ``name version`` -> how many files stayed out, and their bytes.
    """

    kept: tuple[ScannedPack, ...]
    left_out: Mapping[str, tuple[int, int]]


def drop_foreign_prebuilds(scanned: Sequence[ScannedPack]) -> RemainingPacks:
    """Leave out the prebuilt binaries of other platforms.

    A binary for musl stays when there is none for glibc: then it is the only one, and the check refuses it by name.
    """
    glibc = frozenset(
        _family(one, path)
        for one in scanned
        for path, native in one.natives.items()
        if _judged(path) and loads(path, native)
    )
    kept: list[ScannedPack] = []
    left_out: dict[str, tuple[int, int]] = {}
    for one in scanned:
        out = {path for path, native in one.natives.items() if _judged(path) and _stays_out(one, path, native, glibc)}
        rest = tuple(member for member in one.pack.members if member.path not in out)
        if out and not any(member.path.endswith(_CODE) or member.path in one.natives for member in rest):
            rest = ()
        if out:
            gone = {member.path for member in rest}
            left_out[one.owner] = _weight(one, [member for member in one.pack.members if member.path not in gone])
        if rest:
            natives = {path: native for path, native in one.natives.items() if path not in out}
            kept.append(ScannedPack(pack=replace(one.pack, members=rest), natives=natives) if out else one)
    return RemainingPacks(kept=tuple(kept), left_out=left_out)


def loads(path: str, native: NativeFile) -> bool:
    """Whether it is code for x86-64 Linux with glibc."""
    one = PlacedFile(path=path, owner="", native=native)
    return one.runs and not one.is_musl


def _judged(path: str) -> bool:
    return path.endswith(".node") or bool(_PREBUILDS.search(path))


def _stays_out(scanned: ScannedPack, path: str, native: NativeFile, glibc: frozenset[str]) -> bool:
    one = PlacedFile(path=path, owner="", native=native)
    if one.is_musl and one.runs:
        return _family(scanned, path) in glibc
    return not one.runs and not (one.elf and one.elf.damage)


def _family(scanned: ScannedPack, path: str) -> str:
    """Package and file without the words that name a platform: alike for the glibc and the musl build of one binary."""
    return re.sub(r"[-._/]+", "-", _PLATFORM.sub("", f"{scanned.pack.package.name}/{path}"))


def _weight(scanned: ScannedPack, members: Sequence[PackMember]) -> tuple[int, int]:
    places = len(scanned.pack.package.places)
    return len(members) * places, sum(member.size for member in members) * places
