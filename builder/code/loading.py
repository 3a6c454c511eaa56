"""Which of the plugin's own files the handler loads, directly or through others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from builder.code.imports import Import


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
