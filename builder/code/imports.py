"""What one file imports, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


# Which of the plugin's own files the handler loads, directly or through others.
def loaded_files(
    starts: Iterable[str],
    imports: Mapping[str, tuple[Import, ...] | None],
    targets: Callable[[Import, str], Iterable[str]],
) -> frozenset[str]:
    """Follow every import, except those that the importing file expects to fail on some machines.

    Args:
        starts: The files that Lambda loads first.
        imports: Each own file of the language -> what it imports; None where that is unknown.
        targets: The files that an import of a file loads.

    Returns:
        Paths; every file when one that is loaded imports what is unknown.
    """
    pending = list(starts)
    loaded: set[str] = set()
    while pending:
        path = pending.pop()
        if path in loaded or path not in imports:
            continue
        loaded.add(path)
        found = imports[path]
        if found is None:
            return frozenset(imports)
        pending.extend(target for one in found if not one.is_caught for target in targets(one, path))
    return frozenset(loaded)


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
