"""Scans packs for native files, and leaves out npm's prebuilt binaries for other platforms."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import Problem, Severity
from builder.natives.native_scan import ScannedPack, scan_pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from builder.build_values import Pack
    from builder.manifest.model import Manifest
    from builder.natives.native_files import NativeFile

_MB = 1 << 20


class PlatformPacks(Struct, frozen=True, kw_only=True):
    """Packs without binaries for other platforms.

    Attributes:
        packs: For the artifact.
        natives: Every program and library in them, by the sha256 of its content.
        used_allowances: Names in ``[build] allow-missing`` that allowed a missing binary.
        warnings: What was left out, in one line for all packages; and the packages without their binary.
    """

    packs: tuple[Pack, ...]
    natives: Mapping[str, NativeFile]
    used_allowances: frozenset[str]
    warnings: tuple[Problem, ...]


def select_platform_files(manifest: Manifest, packs: Sequence[Pack]) -> PlatformPacks:
    """Find the native files in the packs, and leave out npm's prebuilt binaries for other platforms.

    Refuses nothing: ``check_natives`` reports all problems at once.

    Raises:
        VerificationError: A pack has changed while it was used.
    """
    scanned: tuple[ScannedPack, ...] = tuple(ScannedPack(pack=pack, natives=scan_pack(pack)) for pack in packs)
    warnings: tuple[Problem, ...] = ()
    used: frozenset[str] = frozenset()
    if manifest.runtime.language == "nodejs" and scanned:
        from builder.natives.install_scripts import missing_binaries
        from builder.natives.prebuilt import drop_foreign_prebuilds

        missing, used = missing_binaries(scanned, _package_json(manifest.folder), manifest.build.allow_missing)
        remaining = drop_foreign_prebuilds(scanned)
        scanned, warnings = remaining.packs, (*left_out_warning(remaining.left_out), *missing)
    return PlatformPacks(
        packs=tuple(one.pack for one in scanned), natives=_by_content(scanned), used_allowances=used, warnings=warnings
    )


def left_out_warning(packages: Mapping[str, tuple[int, int]]) -> tuple[Problem, ...]:
    """One warning about the binaries for other platforms; none without such binaries."""
    if not packages:
        return ()
    files, size = (sum(column) for column in zip(*packages.values(), strict=True))
    message = f"Left out: {files} file(s) for other platforms ({size / _MB:.1f} MB) of {', '.join(sorted(packages))}."
    return (Problem(message=message, code="other-platforms", severity=Severity.WARNING),)


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
