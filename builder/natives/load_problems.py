"""Decides what is wrong with each program and library of an artifact; does no I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import Severity
from builder.natives.loader_view import LibraryLocation
from builder.natives.native_files import NativeFormat, abi_tag, is_library
from builder.platform.libraries import NAMED_VERSIONS, OPTIONAL_LIBRARIES, symbol_versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.natives.loader_view import LoaderView, PlacedFile
    from builder.platform.libraries import Version


class LoadProblem(Struct, frozen=True, kw_only=True):
    """One problem of one file; problems of one package with the same cause become one message.

    Attributes:
        placed: The file.
        kind: ``library``, ``elsewhere``, ``version``, ``tag``, ``machine`` or ``damage``.
        subject: The library, symbol family, tag or machine in question.
        severity: A warning if the function can work without the file.
        number: Of kind ``version``: the required version, so that the highest is reported.
    """

    placed: PlacedFile
    kind: str
    subject: str
    severity: Severity
    number: Version = ()


def find_load_problems(view: LoaderView) -> Iterator[LoadProblem]:
    """All problems, file by file, sorted by path.

    The libraries of a file for another machine are not checked.
    """
    loaded = view.loaded_by_extensions()
    missing = [
        problem
        for file in view.placed.values()
        if file.runs and not file.is_musl
        for problem in _missing_libraries(view, file)
    ]
    broken = {problem.placed.path for problem in missing}
    for path in sorted(view.placed):
        file = view.placed[path]
        if file.runs and not file.is_musl:
            yield from _wrong_tag(view, file)
            yield from _too_new(view, file)
        else:
            yield from _foreign(view, file)
    for problem in missing:
        yield _with_severity(view, problem, loaded, broken)


def version_number(name: str) -> tuple[str, Version] | None:
    """``GLIBC_2.28`` -> ("GLIBC", (2, 28)); None for names without a number, such as ``GLIBC_PRIVATE``."""
    if name in NAMED_VERSIONS:
        return NAMED_VERSIONS[name]
    family, _, digits = name.rpartition("_")
    if not family or not re.fullmatch(r"\d+(?:\.\d+)*", digits):
        return None
    return family, tuple(int(part) for part in digits.split("."))


def has_lambda_counterpart(path: str, view: LoaderView) -> bool:
    """Whether a file for another platform has a counterpart for Lambda: the same name except for the platform."""
    if any(path.replace("musl", other) in view.paths for other in ("gnu", "glibc") if "musl" in path):
        return True
    tag = abi_tag(path)
    stem = path[: path.rindex(f".{tag}")] if tag else ""
    usable = {f"cpython-{view.runtime.version.replace('.', '')}", "abi3"}
    return bool(stem) and any(
        file.path.startswith(f"{stem}.") and (abi_tag(file.path) in usable or file.path == f"{stem}.so")
        for file in view.placed.values()
        if file.runs and not file.is_musl
    )


def _wrong_tag(view: LoaderView, file: PlacedFile) -> Iterator[LoadProblem]:
    tag = abi_tag(file.path)
    usable = {f"cpython-{view.runtime.version.replace('.', '')}", "abi3"}
    if view.runtime.language == "python" and tag and tag not in usable and not has_lambda_counterpart(file.path, view):
        yield LoadProblem(placed=file, kind="tag", subject=tag, severity=Severity.ERROR)


def _too_new(view: LoaderView, file: PlacedFile) -> Iterator[LoadProblem]:
    allowed = symbol_versions(view.runtime)
    severity = Severity.WARNING if file.is_program else Severity.ERROR
    for library, name in file.elf.versions if file.elf else ():
        required = version_number(name)
        if (
            required
            and required[1] > allowed.get(required[0], required[1])
            and view.find(file, library)[0] is not LibraryLocation.ARTIFACT
        ):
            yield LoadProblem(placed=file, kind="version", subject=required[0], severity=severity, number=required[1])


def _foreign(view: LoaderView, file: PlacedFile) -> Iterator[LoadProblem]:
    described = _describe_foreign(file)
    if described is not None and not has_lambda_counterpart(file.path, view):
        kind, subject, certain = described
        certain = certain or (is_library(file.path) and not _package_works(view, file, broken=set()))
        if file.native.file_format is NativeFormat.MACH_O and not certain:
            return
        yield LoadProblem(
            placed=file, kind=kind, subject=subject, severity=Severity.ERROR if certain else Severity.WARNING
        )


def _describe_foreign(file: PlacedFile) -> tuple[str, str, bool] | None:
    """(kind, subject, whether something certainly loads it); None for what is probably data."""
    elf, loads = file.elf, file.is_extension
    if file.native.file_format is NativeFormat.MACH_O:
        return "machine", "macOS", loads
    if elf is None:
        # Windows launchers are data in many pure wheels, and object files are for linkers.
        return None
    if elf.damage:
        return ("damage", elf.damage, True) if loads else None
    if file.is_musl:
        return "machine", "musl", loads or is_library(file.path)
    return "machine", elf.machine, loads


def _missing_libraries(view: LoaderView, file: PlacedFile) -> Iterator[LoadProblem]:
    for name, location, path in view.needs(file):
        if location is LibraryLocation.MISSING:
            yield LoadProblem(placed=file, kind="library", subject=name, severity=Severity.ERROR)
        elif location is LibraryLocation.OTHER_PACKAGE:
            yield LoadProblem(placed=file, kind="elsewhere", subject=f"{name} ({path})", severity=Severity.WARNING)


def _with_severity(view: LoaderView, problem: LoadProblem, loaded: frozenset[str], broken: set[str]) -> LoadProblem:
    """A missing library is an error for a file that is certainly loaded, otherwise a warning."""
    file = problem.placed
    if problem.kind != "library":
        return problem
    if optional_feature(file) or file.is_program or (file.path not in loaded and _package_works(view, file, broken)):
        return LoadProblem(placed=file, kind=problem.kind, subject=problem.subject, severity=Severity.WARNING)
    return problem


def optional_feature(file: PlacedFile) -> str:
    """What is lost when an optional back end does not load; empty for other files."""
    package, module = file.owner.rpartition(" ")[0], file.path.rpartition("/")[2].partition(".")[0]
    return next((back.use for back in OPTIONAL_LIBRARIES if (back.package, back.module) == (package, module)), "")


def _package_works(view: LoaderView, file: PlacedFile, broken: set[str]) -> bool:
    """Whether the package has another library that loads; then this one is one of several back ends."""
    return any(
        other.owner == file.owner and other.path not in broken and is_library(other.path) and other.runs
        for other in view.placed.values()
    )
