"""What a choice of the manifest made of a bundle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.errors import Problem
    from builder.values import Bundle


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
