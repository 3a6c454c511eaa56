"""Makes a bundle start faster on Lambda, as the manifest asks: bytecode for Python, one script for JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from builder.coldstart.optimized_bundle import OptimizedBundle

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.archive.cached_results import PackStorage
    from builder.build_values import Bundle, LockedPackage, Pack
    from builder.coldstart.cold_start_tools import ColdStartTools
    from builder.manifest.model import Manifest

Store = TypeVar("Store", bound="PackStorage")


def optimize(
    bundle: Bundle,
    manifest: Manifest,
    tools: ColdStartTools,
    store: Store,
    fetch: Callable[[LockedPackage, Store], Pack],
) -> OptimizedBundle:
    """Add bytecode to a Python plugin, or bundle the scripts of a JavaScript plugin, as the manifest asks.

    The two modules that do it are imported only when they are needed: most plugins ask for neither.

    Args:
        bundle: Everything that goes into the artifact.
        manifest: Of the plugin.
        tools: ``find_tools`` of this manifest.
        store: Where packs are kept.
        fetch: Downloads esbuild's package into the store.

    Raises:
        DependencyError: esbuild is unavailable.
        PackagingError: The handler cannot be imported, or esbuild rejects the code.
    """
    if tools.interpreter is not None:
        from builder.coldstart.precompiling import precompile

        return precompile(bundle, manifest, tools, store)
    if tools.bundler is None:
        return OptimizedBundle(bundle=bundle)
    from builder.coldstart.bundling import bundle_scripts

    return bundle_scripts(bundle, manifest, fetch(tools.bundler, store), store)
