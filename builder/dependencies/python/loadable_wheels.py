"""Replaces wheels whose native code does not load by another wheel of the same version: tags are only promises."""

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

_MAX_TRIES = 4
"""Wheels of one version to try; a version rarely has more than two for one platform."""


def replace_unloadable_wheels(
    fetched: Iterable[FetchedWheel],
    requests: Sequence[RequestedWheel],
    runtime: Runtime,
    store: Store,
    progress: Progress,
) -> tuple[FetchedWheel, ...]:
    """The same packages, with another wheel of the same version where the fetched one does not load.

    A version without a loadable wheel keeps its first wheel, and the reason is noted: packaging will refuse it.
    """
    digests = {request.name: request.digests for request in requests}
    return tuple(_loadable_wheel(one, digests.get(one.name, ()), runtime, store, progress) for one in fetched)


def _loadable_wheel(
    first: FetchedWheel, digests: tuple[str, ...], runtime: Runtime, store: Store, progress: Progress
) -> FetchedWheel:
    problems = _problems(first, runtime, store)
    tried, current = {first.digest}, first
    while problems and len(tried) < _MAX_TRIES:
        other = _fetch_another(
            current, tuple(digest for digest in digests if digest not in tried), runtime, store, progress
        )
        if other is None:
            break
        tried.add(other.digest)
        current = other
        if not _problems(other, runtime, store):
            progress.note(f"{first.wheel} does not load on {runtime.name}; {other.wheel} does and is used instead.")
            return other
    for problem in problems:
        progress.note(f"{problem.message} {problem.hint}")
    return first


def _fetch_another(
    wheel: FetchedWheel, digests: tuple[str, ...], runtime: Runtime, store: Store, progress: Progress
) -> FetchedWheel | None:
    if not digests:
        return None
    try:
        request = RequestedWheel(name=wheel.name, version=wheel.version, digests=digests)
        (fetched,) = fetch_wheels([request], runtime, store, progress)
    except DependencyError:
        # The index has no other wheel for the runtime. The fetched one stays, so nothing is hidden.
        return None
    return fetched


def _problems(wheel: FetchedWheel, runtime: Runtime, store: Store) -> tuple[Problem, ...]:
    sha256 = wheel.digest.removeprefix("sha256:")
    stored = store.find(sha256, sha256=sha256)
    if stored is None:
        return ()
    package = LockedPackage(name=wheel.name, version=wheel.version, digest=wheel.digest)
    return standalone_problems(Pack(package=package, file=stored.file, members=stored.members), runtime)
