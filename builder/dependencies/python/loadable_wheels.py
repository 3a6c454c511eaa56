"""Among the wheels of one version, one whose native code really loads: a tag is only what its builder promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.build_values import LockedPackage, Pack
from builder.dependencies.python.wheels import RequestedWheel, fetch_wheels
from builder.errors import DependencyError
from builder.natives.standalone_check import standalone_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from builder.dependencies.python.wheels import FetchedWheel
    from builder.dependencies.store.pack_store import Store
    from builder.errors import Problem
    from builder.platform.runtimes import Runtime
    from builder.progress import Progress

_MOST_WHEELS = 4
"""Wheels of one version to try; a version has rarely more than two for one platform."""


def replace_unloadable_wheels(
    fetched: Iterable[FetchedWheel],
    wanted: Sequence[RequestedWheel],
    runtime: Runtime,
    store: Store,
    progress: Progress,
) -> tuple[FetchedWheel, ...]:
    """The same packages, with another wheel of the same version where the one that was fetched does not load.

    A version without any that loads keeps its first wheel, and the reason is noted: packaging will refuse it.
    """
    offered = {one.name: one.digests for one in wanted}
    return tuple(_fitting(one, offered.get(one.name, ()), runtime, store, progress) for one in fetched)


def _fitting(
    first: FetchedWheel, digests: tuple[str, ...], runtime: Runtime, store: Store, progress: Progress
) -> FetchedWheel:
    problems = _problems(first, runtime, store)
    tried, current = {first.digest}, first
    while problems and len(tried) < _MOST_WHEELS:
        other = _another(current, tuple(digest for digest in digests if digest not in tried), runtime, store, progress)
        if other is None:
            break
        tried.add(other.digest)
        current = other
        if not _problems(other, runtime, store):
            progress.note(f"{first.wheel} does not load on {runtime.name}; {other.wheel} does and is taken.")
            return other
    for problem in problems:
        progress.note(f"{problem.message} {problem.hint}")
    return first


def _another(
    one: FetchedWheel, digests: tuple[str, ...], runtime: Runtime, store: Store, progress: Progress
) -> FetchedWheel | None:
    if not digests:
        return None
    try:
        (found,) = fetch_wheels(
            [RequestedWheel(name=one.name, version=one.version, digests=digests)], runtime, store, progress
        )
    except DependencyError:
        # The index has no other wheel for the runtime. The one that was fetched stays, so nothing is hidden.
        return None
    return found


def _problems(wheel: FetchedWheel, runtime: Runtime, store: Store) -> tuple[Problem, ...]:
    sha256 = wheel.digest.removeprefix("sha256:")
    stored = store.find(sha256, sha256=sha256)
    if stored is None:
        return ()
    package = LockedPackage(name=wheel.name, version=wheel.version, digest=wheel.digest)
    return standalone_problems(Pack(package=package, file=stored.file, members=stored.members), runtime)
