"""Every program and library of an artifact, held against the machine it will run on."""

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


def check_natives(manifest: Manifest, bundle: Bundle, examined: PlatformPacks) -> tuple[Problem, ...]:
    """Hold everything native in a bundle against the runtime, libraries that are allowed to be missing aside.

    Args:
        manifest: Whose runtime and ``[build] allow-missing`` count.
        bundle: What goes in.
        examined: The packages it was put together from.

    Returns:
        Warnings: what was left out, and what does not load and need not.

    Raises:
        DependencyError: Something that must load cannot; with every problem, its package, and the way out.
    """
    placed = tuple(_placed(bundle, examined.natives))
    paths = {entry.path: entry.owner for entry in bundle.entries} if placed else {}
    # Names without a dot are npm packages; whether the lock has those is checked with the lock.
    libraries = {name: why for name, why in manifest.build.allow_missing.items() if "." in name.rpartition("/")[2]}
    allowed = {name: why for name, why in libraries.items() if name not in examined.taken}
    found = (*examined.notes, *native_problems(manifest.runtime, paths, placed, allowed))
    errors = [problem for problem in found if problem.severity is Severity.ERROR]
    if errors:
        message = f"Native code in the artifact does not load on {manifest.runtime.name}."
        raise DependencyError(message, hint="Mend every problem above; the artifact was not written.", problems=found)
    return found


def native_problems(
    runtime: Runtime, paths: Mapping[str, str], placed: tuple[PlacedFile, ...], allowed: Mapping[str, str]
) -> tuple[Problem, ...]:
    """Every problem of a set of files.

    Args:
        runtime: Where they will run.
        paths: Every path of the artifact with its owner (``name version``).
        placed: The programs and libraries among them.
        allowed: Libraries that may be missing, with the reason.
    """
    if not placed and not allowed:
        return ()
    from builder.natives.load_problems import find_load_problems
    from builder.natives.native_messages import describe_load_problems

    every = tuple(find_load_problems(LoaderView(runtime, paths, placed)))
    missed = {fault.what for fault in every if fault.sort == "library"}
    kept = [fault for fault in every if fault.sort != "library" or fault.what not in allowed]
    return (*describe_load_problems(kept, runtime), *(_idle(name) for name in allowed if name not in missed))


def _placed(bundle: Bundle, natives: Mapping[str, NativeFile]) -> Iterator[PlacedFile]:
    for entry in bundle.entries:
        native = natives.get(entry.sha256) if entry.owner else _own(entry)
        if native is not None:
            yield PlacedFile(path=entry.path, owner=entry.owner, native=native)


def _own(entry: Entry) -> NativeFile | None:
    """One of the plugin's own files; they lie compressed in memory."""
    if not isinstance(entry.source, InlineBytes):
        return None
    data = entry.source.data
    if entry.method == DEFLATED:
        if native_format(zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, PEEK)) is None:
            return None
        data = zlib.decompress(data, -zlib.MAX_WBITS)
    return identify_native(data)


def _idle(name: str) -> Problem:
    return Problem(
        message=f"{name} is allowed to be missing, and nothing in the artifact misses it.",
        hint="Remove the line.",
        file="plugin.toml",
        key="build.allow-missing",
        severity=Severity.WARNING,
    )
