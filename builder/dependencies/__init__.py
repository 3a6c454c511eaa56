"""Lock -> packs: what the plugin depends on, pinned by hash, and each package as a ZIP in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.dependencies.npm.esbuild import collect_bundler, locked_bundler
from builder.dependencies.store.pack_store import Store, default_store, open_store
from builder.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.archive.cached_results import ResultCache
    from builder.build_values import Lock, Pack
    from builder.dependencies.lock.lock_changes import LockResult
    from builder.errors import Problem
    from builder.manifest.model import Manifest
    from builder.progress import Progress

__all__ = [
    "Store",
    "check_completeness",
    "collect",
    "collect_bundler",
    "default_store",
    "direct_requirements",
    "folders_of",
    "locked_bundler",
    "open_store",
    "read_lock",
    "refuse_incomplete_lock",
    "stored_wheels",
    "write_lock",
]


def read_lock(manifest: Manifest) -> Lock:
    """The packages that the plugin's lock pins for the manifest's runtime; none without dependencies.

    Raises:
        DependencyError: The lock is missing, stale or not acceptable; the message names the command that mends it.
    """
    if manifest.runtime.language == "python":
        from builder.dependencies.python import python_packages

        return python_packages.read_lock(manifest)
    if manifest.build.allow_sdist:
        message = "[build] allow-sdist is for Python packages: npm packages are never built."
        raise DependencyError(message, hint="Remove it; [build.allow-missing] takes a binary that a package lacks.")
    from builder.dependencies.npm import npm_packages

    return npm_packages.read_lock(manifest)


def refuse_incomplete_lock(lock: Lock, manifest: Manifest) -> None:
    """Check that the lock has everything that the plugin and its packages require on the runtime.

    ``Lock.rules`` and the files that ``read_lock`` compared decide the result, so it is the same while they are.

    Raises:
        DependencyError: A requirement is not met; with every one.
    """
    if manifest.runtime.language == "nodejs":
        from builder.dependencies.npm import npm_packages

        npm_packages.refuse_incomplete_lock(lock, manifest)


def folders_of(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """``Lock.folders`` without a check of the lock; empty where there is none."""
    if manifest.runtime.language == "python":
        return ()
    from builder.dependencies.npm import npm_packages

    return npm_packages.folders_of(manifest)


def write_lock(manifest: Manifest, store: Store, progress: Progress, *, upgrade: bool = False) -> LockResult:
    """Make the lock of the manifest's runtime anew.

    Args:
        manifest: Whose runtime and dependencies count.
        store: Receives the wheels that were fetched on the way.
        progress: Told what happens and which project settings are ignored.
        upgrade: Take the newest versions instead of keeping those that still fit.

    Raises:
        DependencyError: The dependencies cannot be had for the runtime.
    """
    from builder.dependencies.npm import npm_packages
    from builder.dependencies.python import python_packages

    if manifest.runtime.language == "python":
        return python_packages.write_lock(manifest, store, progress, upgrade=upgrade)
    return npm_packages.write_lock(manifest, store, progress, upgrade=upgrade)


def collect(lock: Lock, manifest: Manifest, store: Store, progress: Progress) -> tuple[Pack, ...]:
    """Every locked package as a pack, in the lock's order. A warm store needs no network.

    Raises:
        DependencyError: A package cannot be had, or is not what the lock names.
    """
    if manifest.runtime.language == "python":
        from builder.dependencies.python import python_packages

        packs = python_packages.collect(lock, manifest, store, progress)
    else:
        from builder.dependencies.npm import npm_packs

        packs = npm_packs.collect(lock, store, progress)
    if not manifest.build.recompress:
        return packs
    from builder.dependencies.store.recompression import recompress

    return recompress(packs, store, progress)


def stored_wheels(lock: Lock, store: Store) -> tuple[Pack, ...] | None:
    """Every locked wheel as a pack, without fetching any; None when the folder of the store lacks one."""
    from builder.dependencies.python import python_packages

    return python_packages.stored_wheels(lock, store)


def check_completeness(manifest: Manifest, packs: Sequence[Pack], cache: ResultCache) -> tuple[Problem, ...]:
    """Prove that everything is locked that the plugin and its packages ask for.

    npm's lock is judged when it is read, because it says what each package asks for.

    Args:
        manifest: Of the plugin.
        packs: Every locked package.
        cache: Results that were computed for these packages before.

    Returns:
        Warnings.

    Raises:
        DependencyError: A package is missing, or does not fit who asks for it; carries all of them.
    """
    if manifest.runtime.language != "python" or not packs:
        return ()
    from builder.dependencies.lock.lock_proof import check_completeness as check

    return check(manifest, packs, cache)


def direct_requirements(manifest: Manifest) -> tuple[str, ...]:
    """What the plugin itself asks for, without what that brings along: PEP 508 lines, or names of npm packages.

    Raises:
        DependencyError: The files that say so cannot be read.
    """
    if manifest.runtime.language == "python":
        from builder.dependencies.lock.requirements import parse_requirements, read_declared

        return parse_requirements(read_declared(manifest)).wanted
    from builder.dependencies.npm import npm_packages

    return npm_packages.direct_names(manifest)
