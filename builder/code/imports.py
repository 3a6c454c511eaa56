"""The imports of source files as data, and the files that they load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, convert, to_builtins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from builder.archive.file_results import FileResults
    from builder.build_values import OwnFile


class Import(Struct, frozen=True, kw_only=True):
    """One import of a source file.

    Attributes:
        module: As the source names it: ``numpy.linalg``, ``.flow``, ``./flow.js``,
            ``@scope/package/part``.
        line: 1-based.
        is_certain: Whether it runs whenever the file is loaded, and nothing catches its failure.
        is_caught: Whether the file catches its failure, or first checks the platform that it runs
            on.
        exact: For JavaScript, whether its path includes the file extension (``import``) or may omit
            it (``require``).
        names: For Python, the names imported from the module, which may be modules too.
        fallback_for: Modules whose failed import leads to this one (``except ImportError``).
    """

    module: str
    line: int
    is_certain: bool = True
    is_caught: bool = False
    exact: bool = False
    names: tuple[str, ...] = ()
    fallback_for: tuple[str, ...] = ()


def imports_of(
    source: OwnFile, read: Callable[[bytes], tuple[Import, ...] | None], results: FileResults
) -> tuple[Import, ...] | None:
    """The imports of a file, as an earlier build found them or as ``read`` finds them now; None if unknown."""
    known = results.get("imports", source)
    if known is not None:
        return convert(known, tuple[Import, ...])
    imports = read(source.content)
    if imports is not None:
        results.put("imports", source, to_builtins(imports))
    return imports


def loaded_files(
    starts: Iterable[str],
    imports: Mapping[str, tuple[Import, ...] | None],
    targets: Callable[[Import, str], Iterable[str]],
) -> frozenset[str]:
    """The plugin's own files that the handler loads, directly or through others.

    Every import is followed, also inside functions, except those whose failure the importing file
    expects.

    Args:
        starts: The files that Lambda loads first.
        imports: Each own file of the language -> its imports; None where they are unknown.
        targets: The files that an import of a file loads.

    Returns:
        Paths. When the imports of a loaded file are unknown, all files.
    """
    pending = list(starts)
    loaded: set[str] = set()
    while pending:
        path = pending.pop()
        if path in loaded or path not in imports:
            continue
        loaded.add(path)
        file_imports = imports[path]
        if file_imports is None:
            return frozenset(imports)
        pending.extend(target for each in file_imports if not each.is_caught for target in targets(each, path))
    return frozenset(loaded)
