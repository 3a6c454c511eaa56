"""Python source -> what it imports. Nothing of it is executed."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from builder.code.imports import Import

if TYPE_CHECKING:
    from collections.abc import Iterator

_CATCHES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def python_imports(source: bytes) -> tuple[Import, ...] | None:
    """Every import of a file; None when the Python that runs the kit is too old for the file's grammar."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tuple(_imports(tree.body, is_certain=True, alternatives=()))


def _imports(statements: list[ast.stmt], *, is_certain: bool, alternatives: tuple[str, ...]) -> Iterator[Import]:
    for statement in statements:
        for module in _modules(statement):
            yield Import(module=module, line=statement.lineno, is_certain=is_certain, alternatives=alternatives)
        if isinstance(statement, ast.Try | ast.TryStar):
            yield from _attempt(statement, is_certain=is_certain, alternatives=alternatives)
        elif isinstance(statement, ast.If):
            # A condition may be the very reason why the module need not be there, such as the version of Python.
            body = [] if _is_type_checking(statement.test) else statement.body
            yield from _imports(body, is_certain=False, alternatives=alternatives)
            otherwise = is_certain and _is_type_checking(statement.test)
            yield from _imports(statement.orelse, is_certain=otherwise, alternatives=alternatives)
        else:
            certain = is_certain and isinstance(statement, ast.ClassDef | ast.With)
            for block in _blocks(statement):
                yield from _imports(block, is_certain=certain, alternatives=alternatives)


def _attempt(statement: ast.Try | ast.TryStar, *, is_certain: bool, alternatives: tuple[str, ...]) -> Iterator[Import]:
    is_caught = any(_catches(handler) for handler in statement.handlers)
    certain = is_certain and not is_caught
    yield from _imports(statement.body, is_certain=certain, alternatives=alternatives)
    tried = tuple(module for inner in statement.body for module in _modules(inner))
    for handler in statement.handlers:
        yield from _imports(handler.body, is_certain=False, alternatives=tried)
    yield from _imports(statement.orelse, is_certain=certain, alternatives=alternatives)
    yield from _imports(statement.finalbody, is_certain=is_certain, alternatives=alternatives)


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


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.Match):
        yield from (case.body for case in statement.cases)
    for name in ("body", "orelse"):
        block = getattr(statement, name, None)
        if isinstance(block, list):
            yield block
