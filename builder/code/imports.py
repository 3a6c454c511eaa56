"""What one file imports, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """One import of a source file.

    Attributes:
        module: As the source names it: ``numpy.linalg``, ``.flow``, ``./flow.js``, ``@scope/package/part``.
        line: 1-based.
        is_certain: Whether it runs whenever the file is loaded, and nothing catches its failure.
        is_caught: Whether the file catches its failure, or asks first on which machine it runs.
        exact: For JavaScript, whether a path is taken as it is (``import``), without endings (``require``).
        names: For Python, what is taken from the module, which may be modules too.
        alternatives: Modules whose failing import leads here (``except ImportError``).
    """

    module: str
    line: int
    is_certain: bool = True
    is_caught: bool = False
    exact: bool = False
    names: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
