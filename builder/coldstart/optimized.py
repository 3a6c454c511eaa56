"""What a choice of the manifest made of a bundle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.archive.cached_results import Packs
    from builder.build_values import Bundle, LockedPackage, Pack
    from builder.coldstart.cold_start_options import Choice
    from builder.errors import Problem
    from builder.manifest.model import Manifest


# A bundle after what the manifest chose for its cold start.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Lightened:
    """A bundle after the manifest's choices, with what should be told about them.

    Attributes:
        bundle: What goes into the artifact now.
        warnings: What the user should know.
        shares: ``name version`` of a package -> its bytes inside the one file that esbuild made.
    """

    bundle: Bundle
    warnings: tuple[Problem, ...] = ()
    shares: Mapping[str, int] = field(default_factory=dict)
