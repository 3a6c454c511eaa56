"""A bundle after the optimizations that the manifest asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.build_values import Bundle
    from builder.errors import Problem


class OptimizedBundle(Struct, frozen=True, kw_only=True):
    """A bundle, and what to report about its optimization.

    Attributes:
        bundle: What goes into the artifact now.
        warnings: What the user should know.
        bundled_sizes: ``name version`` of a package -> its bytes inside the one script that esbuild
            wrote.
    """

    bundle: Bundle
    warnings: tuple[Problem, ...] = ()
    bundled_sizes: Mapping[str, int] = field(default_factory=dict)
