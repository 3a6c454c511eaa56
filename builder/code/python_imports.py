"""Python source -> what it imports. Nothing of it is executed."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.code.imports import Import

if TYPE_CHECKING:
    from collections.abc import Iterator

_CATCHES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_MACHINE = ("sys.platform", "os.name", "platform.system", "sys.implementation", "sys.version_info")
_IMPORT_FUNCTIONS = ("import_module", "__import__")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a file statements are; the attributes are those of ``Import``."""

    is_certain: bool = True
    is_caught: bool = False
    alternatives: tuple[str, ...] = ()


def python_imports(source: bytes) -> tuple[Import, ...] | None:
    """Every import of a file; None when the Python that runs the kit is too old for the file's grammar."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    calls = _calls(tree) if any(word.encode() in source for word in _IMPORT_FUNCTIONS) else ()
    return (*_imports(tree.body, _Place()), *calls)


def _imports(statements: list[ast.stmt], place: _Place) -> Iterator[Import]:
    uncertain = replace(place, is_certain=False)
    for statement in statements:
        yield from _imported(statement, place)
        if isinstance(statement, ast.Try | ast.TryStar):
            yield from _attempt(statement, place)
        elif isinstance(statement, ast.If):
            # A condition may be the very reason why the module need not be there, such as the version of Python.
            is_for_types = _is_type_checking(statement.test)
            branch = replace(uncertain, is_caught=place.is_caught or _asks_for_the_machine(statement.test))
            yield from _imports([] if is_for_types else statement.body, branch)
            yield from _imports(statement.orelse, place if is_for_types else branch)
        else:
            runs = isinstance(statement, ast.ClassDef | ast.With)
            for block in _blocks(statement):
                yield from _imports(block, place if runs else uncertain)


def _attempt(statement: ast.Try | ast.TryStar, place: _Place) -> Iterator[Import]:
    is_caught = any(_catches(handler) for handler in statement.handlers)
    caught = replace(place, is_certain=False, is_caught=True) if is_caught else place
    yield from _imports(statement.body, caught)
    tried = tuple(module for inner in statement.body for module in _modules(inner))
    for handler in statement.handlers:
        yield from _imports(handler.body, replace(place, is_certain=False, alternatives=tried))
    yield from _imports(statement.orelse, replace(place, is_certain=place.is_certain and not is_caught))
    yield from _imports(statement.finalbody, place)


def _imported(statement: ast.stmt, place: _Place) -> Iterator[Import]:
    names = tuple(alias.name for alias in statement.names) if isinstance(statement, ast.ImportFrom) else ()
    for module in _modules(statement):
        yield Import(
            module=module,
            line=statement.lineno,
            is_certain=place.is_certain,
            is_caught=place.is_caught,
            names=names,
            alternatives=place.alternatives,
        )


def _calls(tree: ast.Module) -> Iterator[Import]:
    """Imports by a function, where the module is written out."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        module = node.args[0].value
        is_import = ast.unparse(node.func).rpartition(".")[2] in _IMPORT_FUNCTIONS
        if is_import and isinstance(module, str) and module.strip("."):
            yield Import(module=module, line=node.lineno, is_certain=False)


def _modules(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom):
        start = "." * statement.level
        if statement.module or not statement.level:
            yield start + (statement.module or "")
        else:
            yield start


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(kind).rpartition(".")[2] in _CATCHES for kind in types)


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test).rpartition(".")[2] == "TYPE_CHECKING"


def _asks_for_the_machine(test: ast.expr) -> bool:
    text = ast.unparse(test)
    return any(word in text for word in _MACHINE)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.Match):
        yield from (case.body for case in statement.cases)
    for name in ("body", "orelse"):
        block = getattr(statement, name, None)
        if isinstance(block, list):
            yield block
