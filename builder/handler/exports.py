"""What a source file offers to others, as far as its text tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExportKind(Enum):
    """What is known about one exported name."""

    FUNCTION = auto()
    """It is a function, or the result of a call or another expression that may well be one."""
    COROUTINE = auto()
    """It is an ``async def`` of Python, which Lambda's Python runtime does not await."""
    VALUE = auto()
    """It is surely no function: a number, a text, a list, a class."""
    SIGNATURE = auto()
    """It is a function that cannot be called with an event and a context."""
    PASSED_ON = auto()
    """It comes from another module under the name ``Export.name``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """One thing that a name may stand for.

    Attributes:
        kind: What is known about it.
        line: 1-based line where it is given its name.
        module: For PASSED_ON, the module as the source names it: ``.flow``, ``plugin.flow``, ``./flow.js``.
        name: For PASSED_ON, its name over there.
        positional: For functions of JavaScript, ``function.length``: the parameters before a default or a rest.
        detail: For SIGNATURE, what the parameters are.
    """

    kind: ExportKind
    line: int
    module: str = ""
    name: str = ""
    positional: int = 0
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exports:
    """Everything that a file offers.

    Attributes:
        names: Each name with all that it may stand for; more than one where a condition decides.
        stars: Modules all of whose names are passed on.
        is_open: Names are also made in ways that the text does not tell (``__getattr__``, computed exports).
        broken_line: Line of the first place that is no valid code, or 0.
        broken_reason: What is wrong there.
        broken_hint: How to mend it, where that is known.
    """

    names: Mapping[str, tuple[Export, ...]] = field(default_factory=dict)
    stars: tuple[str, ...] = ()
    is_open: bool = False
    broken_line: int = 0
    broken_reason: str = ""
    broken_hint: str = ""
