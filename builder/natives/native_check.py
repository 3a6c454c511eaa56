"""Checks every program and library of an artifact against the machine it will run on."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from builder.build_values import DEFLATED, InlineBytes
from builder.errors import DependencyError, Problem, Severity
from builder.natives.loader_view import LoaderView, PlacedFile
from builder.natives.native_files import PEEK, native_format
from builder.natives.native_scan import identify_native

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.build_values import Bundle, Entry
    from builder.manifest.model import Manifest
    from builder.natives.native_files import NativeFile
    from builder.natives.platform_packs import PlatformPacks
    from builder.platform.runtimes import Runtime


def check_natives(manifest: Manifest, bundle: Bundle, platform_packs: PlatformPacks) -> tuple[Problem, ...]:
    """Check all native files of a bundle against the runtime, except libraries that may be missing.

    Args:
        manifest: Whose runtime and ``[build] allow-missing`` count.
        bundle: Content of the artifact.
        platform_packs: The packages in it.

    Returns:
        Warnings: what was left out, and what does not load but is optional.

    Raises:
        DependencyError: Lists every required file that cannot load, with its package and a fix.
    """
    placed = tuple(_placed(bundle, platform_packs.natives))
    paths = {entry.path: entry.owner for entry in bundle.entries} if placed else {}
    # Names without a dot are npm packages, which are checked with the lock.
    libraries = {
        name: reason for name, reason in manifest.build.allow_missing.items() if "." in name.rpartition("/")[2]
    }
    allowed = {name: reason for name, reason in libraries.items() if name not in platform_packs.used_allowances}
    problems = (*platform_packs.warnings, *native_problems(manifest.runtime, paths, placed, allowed))
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        message = f"Native code in the artifact does not load on {manifest.runtime.name}."
        raise DependencyError(message, hint="Fix every problem above; the artifact was not written.", problems=problems)
    return problems


def native_problems(
    runtime: Runtime, paths: Mapping[str, str], placed: tuple[PlacedFile, ...], allowed: Mapping[str, str]
) -> tuple[Problem, ...]:
    """The problems of a set of files.

    Args:
        runtime: That they will run on.
        paths: Every path of the artifact with its owner (``name version``).
        placed: The programs and libraries among them.
        allowed: Libraries that may be missing, with the reason.
    """
    if not placed and not allowed:
        return ()
    from builder.natives.load_problems import find_load_problems
    from builder.natives.native_messages import describe_load_problems

    problems = tuple(find_load_problems(LoaderView(runtime, paths, placed)))
    missing = {problem.subject for problem in problems if problem.kind == "library"}
    reported = [problem for problem in problems if problem.kind != "library" or problem.subject not in allowed]
    unused = (name for name in allowed if name not in missing)
    return (*describe_load_problems(reported, runtime), *(_unused_allowance(name) for name in unused))


def _placed(bundle: Bundle, natives: Mapping[str, NativeFile]) -> Iterator[PlacedFile]:
    for entry in bundle.entries:
        native = natives.get(entry.sha256) if entry.owner else _own_native(entry)
        if native is not None:
            yield PlacedFile(path=entry.path, owner=entry.owner, native=native)


def _own_native(entry: Entry) -> NativeFile | None:
    """A native file among the plugin's own files, which are compressed in memory."""
    if not isinstance(entry.source, InlineBytes):
        return None
    data = entry.source.data
    if entry.method == DEFLATED:
        if native_format(zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, PEEK)) is None:
            return None
        data = zlib.decompress(data, -zlib.MAX_WBITS)
    return identify_native(data)


def _unused_allowance(name: str) -> Problem:
    return Problem(
        message=f"{name} is allowed to be missing, but nothing in the artifact needs it.",
        hint="Remove the line.",
        code="native-code",
        file="plugin.toml",
        key="build.allow-missing",
        severity=Severity.WARNING,
    )
