"""From lock files to packs: the locked packages of a plugin, pinned by hash, each as a ZIP in the store.

Four rooms: ``lock`` (``requirements.lock`` and the declared requirements), ``python`` (uv and pip), ``npm``, and
``store`` (packs on this machine, and the bucket behind them). Beside them: whose settings reach these tools
(``operator_settings``), and what their failures mean (``tool_failures``).

Offers the functions below, which choose the room by the manifest's language. They import a room when they need it, so
that a command loads only one language.

Never installs a package, never uses the project's settings to choose an index, and never ships a file that no hash in
the lock names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.dependencies.npm.esbuild import collect_bundler, locked_bundler
from builder.dependencies.store.pack_store import Store, default_store, open_store
from builder.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
    "declaring_files",
    "default_store",
    "direct_requirements",
    "locked_bundler",
    "open_store",
    "read_local_folders",
    "read_lock",
    "refuse_incomplete_lock",
    "stored_wheels",
    "write_lock",
]


def read_lock(manifest: Manifest) -> Lock:
    """The packages that the plugin's lock pins for the manifest's runtime; empty without dependencies.

    Raises:
        DependencyError: The lock is missing, outdated or not acceptable; the message names the command that fixes it.
    """
    if manifest.runtime.language == "python":
        from builder.dependencies.python import python_packages

        return python_packages.read_lock(manifest)
    if manifest.build.allow_sdist:
        message = "[build] allow-sdist is for Python packages: npm packages are never built."
        hint = "Remove it. If a package lacks a binary, allow that in [build.allow-missing]."
        raise DependencyError(message, hint=hint)
    from builder.dependencies.npm import npm_packages

    return npm_packages.read_lock(manifest)


def declaring_files(manifest: Manifest) -> tuple[Path, ...]:
    """The files that declare and lock the plugin's packages, whether they exist or not.

    Raises:
        DependencyError: One of them cannot be read, so those that it names are unknown.
    """
    if manifest.runtime.language == "python":
        from builder.dependencies.python import python_packages

        return python_packages.declaring_files(manifest)
    from builder.dependencies.npm import npm_packages

    return npm_packages.declaring_files(manifest)


def refuse_incomplete_lock(lock: Lock, manifest: Manifest) -> None:
    """Check that the lock has everything that the plugin and its packages require on the runtime.

    The result depends only on ``Lock.rules`` and the files that ``read_lock`` compared.

    Raises:
        DependencyError: Lists every unmet requirement.
    """
    if manifest.runtime.language == "nodejs":
        from builder.dependencies.npm import npm_packages

        npm_packages.refuse_incomplete_lock(lock, manifest)


def read_local_folders(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """``Lock.folders`` without checking the lock; empty without a lock."""
    if manifest.runtime.language == "python":
        return ()
    from builder.dependencies.npm import npm_packages

    return npm_packages.read_local_folders(manifest)


def write_lock(manifest: Manifest, store: Store, progress: Progress, *, upgrade: bool = False) -> LockResult:
    """Write a new lock for the manifest's runtime.

    Args:
        manifest: Whose runtime and dependencies count.
        store: Receives the wheels that are fetched on the way.
        progress: Receives the steps, and the project settings that are ignored.
        upgrade: Choose the newest versions instead of keeping those that still fit.

    Raises:
        DependencyError: There are no usable packages for the runtime.
    """
    if manifest.runtime.language == "python":
        from builder.dependencies.python import lock_update

        return lock_update.write_lock(manifest, store, progress, upgrade=upgrade)
    from builder.dependencies.npm import npm_packages

    return npm_packages.write_lock(manifest, store, progress, upgrade=upgrade)


def collect(lock: Lock, manifest: Manifest, store: Store, progress: Progress) -> tuple[Pack, ...]:
    """Every locked package as a pack, in the lock's order. A warm store needs no network.

    Raises:
        DependencyError: A package is unavailable, or is not the one in the lock.
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
    """Every locked wheel as a pack, without fetching any; None when one is not in the store's folder."""
    from builder.dependencies.python import python_packages

    return python_packages.stored_wheels(lock, store)


def check_completeness(manifest: Manifest, packs: Sequence[Pack], cache: ResultCache) -> tuple[Problem, ...]:
    """Check that everything is locked that the plugin and its packages require.

    npm's lock is checked when it is read, because it lists what each package requires.

    Args:
        manifest: Of the plugin.
        packs: Every locked package.
        cache: Results that were computed for these packages before.

    Returns:
        Warnings.

    Raises:
        DependencyError: Lists every package that is missing or has a version that does not fit.
    """
    if manifest.runtime.language != "python" or not packs:
        return ()
    from builder.dependencies.lock.lock_proof import check_completeness as check

    return check(manifest, packs, cache)


def direct_requirements(manifest: Manifest) -> tuple[str, ...]:
    """The plugin's direct requirements: PEP 508 lines, or names of npm packages.

    Raises:
        DependencyError: A file with requirements is unreadable or not valid.
    """
    if manifest.runtime.language == "python":
        from builder.dependencies.lock.requirements import parse_requirements, read_declared

        return parse_requirements(read_declared(manifest)).direct
    from builder.dependencies.npm import npm_packages

    return npm_packages.direct_names(manifest)
