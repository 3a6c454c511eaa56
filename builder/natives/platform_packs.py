"""Packs as they come from the store -> packs to put together, and what is native in them."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import Problem, Severity
from builder.natives.native_scan import ScannedPack, scan_pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from builder.build_values import Pack
    from builder.manifest.model import Manifest
    from builder.natives.native_files import NativeFile

_MB = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformPacks:
    """Packs without what is for other platforms.

    Attributes:
        packs: What goes into the artifact.
        natives: Every program and library in them, by the sha256 of its content.
        taken: Names in ``[build] allow-missing`` that took a binary.
        notes: What was left out, one line for all packages; and the packages that lack their binary.
    """

    packs: tuple[Pack, ...]
    natives: Mapping[str, NativeFile]
    taken: frozenset[str]
    notes: tuple[Problem, ...]


def select_platform_files(manifest: Manifest, packs: Sequence[Pack]) -> PlatformPacks:
    """Find what is native in the packs, and leave out npm's prebuilt binaries for other platforms.

    Nothing is refused here: ``check_natives`` tells all problems at once.

    Raises:
        VerificationError: A pack was changed while it was used.
    """
    scanned: tuple[ScannedPack, ...] = tuple(ScannedPack(pack=pack, natives=scan_pack(pack)) for pack in packs)
    notes: tuple[Problem, ...] = ()
    taken: frozenset[str] = frozenset()
    if manifest.runtime.language == "nodejs" and scanned:
        from builder.natives.install_scripts import missing_binaries
        from builder.natives.prebuilt import drop_foreign_prebuilds

        found, taken = missing_binaries(scanned, _package_json(manifest.folder), manifest.build.allow_missing)
        sifted = drop_foreign_prebuilds(scanned)
        scanned, notes = sifted.kept, (*left_out(sifted.left_out), *found)
    return PlatformPacks(
        packs=tuple(one.pack for one in scanned), natives=_by_content(scanned), taken=taken, notes=notes
    )


def left_out(packages: Mapping[str, tuple[int, int]]) -> tuple[Problem, ...]:
    """The one line about binaries for other platforms; nothing when there were none."""
    if not packages:
        return ()
    files, size = (sum(column) for column in zip(*packages.values(), strict=True))
    message = f"Left out: {files} file(s) for other platforms ({size / _MB:.1f} MB) of {', '.join(sorted(packages))}."
    return (Problem(message=message, severity=Severity.WARNING),)


def _by_content(scanned: Sequence[ScannedPack]) -> dict[str, NativeFile]:
    return {
        member.sha256: one.natives[member.path]
        for one in scanned
        if one.natives
        for member in one.pack.members
        if member.path in one.natives
    }


def _package_json(folder: Path) -> Mapping[str, object]:
    with suppress(OSError, ValueError):
        document = json.loads((folder / "package.json").read_bytes())
        if isinstance(document, dict):
            return document
    return {}
