"""A bundle after what the manifest chose for its cold start."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from builder.coldstart.lightened import Lightened

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.archive.memory import Packs
    from builder.coldstart.choice import Choice
    from builder.manifest.model import Manifest
    from builder.values import Bundle, LockedPackage, Pack

S = TypeVar("S", bound="Packs")


def lighten(
    bundle: Bundle, manifest: Manifest, choice: Choice, store: S, fetch: Callable[[LockedPackage, S], Pack]
) -> Lightened:
    """Put bytecode into a Python plugin, or make one file of a JavaScript plugin, as the manifest chose.

    Args:
        bundle: Everything that goes into the artifact.
        manifest: Of the plugin.
        choice: ``choose`` of this manifest.
        store: Where packs are kept.
        fetch: Brings esbuild's package into the store.

    Raises:
        DependencyError: esbuild cannot be had.
        PackagingError: The handler cannot be imported, or esbuild refuses the code.
    """
    if choice.interpreter is not None:
        from builder.coldstart.precompiling import precompile

        return precompile(bundle, manifest, choice, store)
    if choice.bundler is None:
        return Lightened(bundle=bundle)
    from builder.coldstart.bundling import bundle_scripts

    return bundle_scripts(bundle, manifest, fetch(choice.bundler, store), store)
