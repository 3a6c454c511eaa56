"""What a source file exports, as far as its text shows."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExportKind(Enum):
    """What one exported name is."""

    FUNCTION = auto()
    """A function, or the result of a call or another expression that may be one."""
    COROUTINE = auto()
    """An ``async def`` of Python, which Lambda's Python runtime does not await."""
    NOT_A_FUNCTION = auto()
    """Certainly not a function: a number, a text, a list, a class."""
    WRONG_SIGNATURE = auto()
    """A function that cannot be called with an event and a context."""
    REEXPORT = auto()
    """It comes from another module, where its name is ``Export.name``."""


class Export(Struct, frozen=True, kw_only=True):
    """One possible meaning of an exported name.

    Attributes:
        kind: What it is.
        line: 1-based line that binds the name.
        module: For REEXPORT, the module as the source names it: ``.flow``, ``plugin.flow``,
            ``./flow.js``.
        name: For REEXPORT, its name in that module.
        positional_parameters: For functions of JavaScript, ``function.length``: the parameters
            before a default value or a rest parameter.
        detail: For WRONG_SIGNATURE, what is wrong with the parameters.
    """

    kind: ExportKind
    line: int
    module: str = ""
    name: str = ""
    positional_parameters: int = 0
    detail: str = ""


class Exports(Struct, frozen=True, kw_only=True):
    """Everything that a file exports.

    Attributes:
        names: Each name with all its possible meanings; more than one where a condition decides.
        star_modules: Modules whose names are all exported again.
        has_unknown_names: Whether it also exports names that its text does not show
            (``__getattr__``, computed names).
        error_line: Line of the first place that is not valid code, or 0.
        error_message: What is wrong there.
        error_hint: How to fix it, where that is known.
    """

    names: Mapping[str, tuple[Export, ...]] = field(default_factory=dict)
    star_modules: tuple[str, ...] = ()
    has_unknown_names: bool = False
    error_line: int = 0
    error_message: str = ""
    error_hint: str = ""
