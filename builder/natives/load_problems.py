"""What is wrong with each program and library of an artifact. Decides on values alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import Severity
from builder.natives.loader_view import LibraryLocation
from builder.natives.native_files import NativeFormat, abi_tag, is_library
from builder.platform.libraries import NAMED_VERSIONS, OPTIONAL_LIBRARIES, symbol_versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.natives.loader_view import LoaderView, PlacedFile
    from builder.platform.libraries import Version


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadProblem:
    """One thing that is wrong with one file; faults of one package that say the same are told together.

    Attributes:
        placed: The file.
        sort: What kind of fault, such as ``version``.
        what: The library, version or tag in question.
        severity: Whether the function can do without the file.
        number: Of ``version``: what was asked for, so that the highest is told.
    """

    placed: PlacedFile
    sort: str
    what: str
    severity: Severity
    number: Version = ()


def find_load_problems(world: LoaderView) -> Iterator[LoadProblem]:
    """Everything that is wrong, file by file in the order of paths.

    A file that is not for this machine at all is not asked about its libraries.
    """
    loaded = world.loaded_by_extensions()
    missing = [fault for one in world.placed.values() if one.runs and not one.is_musl for fault in _missing(world, one)]
    broken = {fault.placed.path for fault in missing}
    for path in sorted(world.placed):
        one = world.placed[path]
        if one.runs and not one.is_musl:
            yield from _wrong_tag(world, one)
            yield from _too_new(world, one)
        else:
            yield from _foreign(world, one)
    for fault in missing:
        yield _weighed(world, fault, loaded, broken)


def version_number(name: str) -> tuple[str, Version] | None:
    """``GLIBC_2.28`` -> ("GLIBC", (2, 28)); None for names without a number, such as ``GLIBC_PRIVATE``."""
    if name in NAMED_VERSIONS:
        return NAMED_VERSIONS[name]
    family, _, digits = name.rpartition("_")
    if not family or not re.fullmatch(r"\d+(?:\.\d+)*", digits):
        return None
    return family, tuple(int(part) for part in digits.split("."))


def has_lambda_counterpart(path: str, world: LoaderView) -> bool:
    """Whether a file of another platform stands beside one for Lambda: the same name but for the platform in it."""
    if any(path.replace("musl", other) in world.paths for other in ("gnu", "glibc") if "musl" in path):
        return True
    tag = abi_tag(path)
    stem = path[: path.rindex(f".{tag}")] if tag else ""
    wanted = {f"cpython-{world.runtime.version.replace('.', '')}", "abi3"}
    return bool(stem) and any(
        one.path.startswith(f"{stem}.") and (abi_tag(one.path) in wanted or one.path == f"{stem}.so")
        for one in world.placed.values()
        if one.runs and not one.is_musl
    )


def _wrong_tag(world: LoaderView, one: PlacedFile) -> Iterator[LoadProblem]:
    tag = abi_tag(one.path)
    right = {f"cpython-{world.runtime.version.replace('.', '')}", "abi3"}
    if world.runtime.language == "python" and tag and tag not in right and not has_lambda_counterpart(one.path, world):
        yield LoadProblem(placed=one, sort="tag", what=tag, severity=Severity.ERROR)


def _too_new(world: LoaderView, one: PlacedFile) -> Iterator[LoadProblem]:
    allowed = symbol_versions(world.runtime)
    severity = Severity.WARNING if one.is_program else Severity.ERROR
    for library, name in one.elf.versions if one.elf else ():
        told = version_number(name)
        if (
            told
            and told[1] > allowed.get(told[0], told[1])
            and world.find(one, library)[0] is not LibraryLocation.INSIDE
        ):
            yield LoadProblem(placed=one, sort="version", what=told[0], severity=severity, number=told[1])


def _foreign(world: LoaderView, one: PlacedFile) -> Iterator[LoadProblem]:
    found = _unfit(one)
    if found is not None and not has_lambda_counterpart(one.path, world):
        sort, what, certain = found
        certain = certain or (is_library(one.path) and not _package_works(world, one, broken=set()))
        if one.native.kind is NativeFormat.MACH_O and not certain:
            return
        yield LoadProblem(placed=one, sort=sort, what=what, severity=Severity.ERROR if certain else Severity.WARNING)


def _unfit(one: PlacedFile) -> tuple[str, str, bool] | None:
    """Sort, what it is, and whether something surely loads it; None for what may well be data."""
    elf, loads = one.elf, one.is_extension
    if one.native.kind is NativeFormat.MACH_O:
        return "machine", "macOS", loads
    if elf is None:
        # Windows launchers are data of many pure wheels, and object files are a linker's.
        return None
    if elf.damage:
        return ("damage", elf.damage, True) if loads else None
    if one.is_musl:
        return "machine", "musl", loads or is_library(one.path)
    return "machine", elf.machine, loads


def _missing(world: LoaderView, one: PlacedFile) -> Iterator[LoadProblem]:
    for name, found, path in world.needs(one):
        if found is LibraryLocation.MISSING:
            yield LoadProblem(placed=one, sort="library", what=name, severity=Severity.ERROR)
        elif found is LibraryLocation.ELSEWHERE:
            yield LoadProblem(placed=one, sort="elsewhere", what=f"{name} ({path})", severity=Severity.WARNING)


def _weighed(world: LoaderView, fault: LoadProblem, loaded: frozenset[str], broken: set[str]) -> LoadProblem:
    """A missing library is an error for what is surely loaded, and a warning for what only may be."""
    one = fault.placed
    if fault.sort != "library":
        return fault
    if optional_use(one) or one.is_program or (one.path not in loaded and _package_works(world, one, broken)):
        return LoadProblem(placed=one, sort=fault.sort, what=fault.what, severity=Severity.WARNING)
    return fault


def optional_use(one: PlacedFile) -> str:
    """What is lost when an optional back end does not load; empty for a file that is none."""
    package, module = one.owner.rpartition(" ")[0], one.path.rpartition("/")[2].partition(".")[0]
    return next((back.use for back in OPTIONAL_LIBRARIES if (back.package, back.module) == (package, module)), "")


def _package_works(world: LoaderView, one: PlacedFile, broken: set[str]) -> bool:
    """Whether the package has another library that loads: then this one is one of several back ends."""
    return any(
        other.owner == one.owner and other.path not in broken and is_library(other.path) and other.runs
        for other in world.placed.values()
    )
