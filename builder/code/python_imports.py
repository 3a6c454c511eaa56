"""Reads the imports of a Python file, without running it."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from builder.code.imports import Import
from builder.code.python_syntax import as_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

_CATCHES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_PLATFORM_CHECKS = ("sys.platform", "os.name", "platform.system", "sys.implementation", "sys.version_info")
_IMPORT_FUNCTIONS = ("import_module", "__import__")
_BLOCK_STATEMENTS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.For, ast.AsyncFor, ast.While, ast.AsyncWith, ast.Match)


class _Context(Struct, frozen=True):
    """The statements around an import, as attributes of ``Import``."""

    is_certain: bool = True
    is_caught: bool = False
    fallback_for: tuple[str, ...] = ()

    def uncertain(self) -> _Context:
        """The same for statements that may not run."""
        return replace(self, is_certain=False) if self.is_certain else self


def python_imports(source: bytes) -> tuple[Import, ...] | None:
    """Every import of a file; None when the Python that runs the kit cannot parse it."""
    text = as_utf8(source)
    if not isinstance(text, bytes):
        return ()  # no Python can read it, which the check of the syntax reports
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    calls = _calls(tree) if any(word.encode() in text for word in _IMPORT_FUNCTIONS) else ()
    return (*_imports(tree.body, _Context()), *calls)


def _imports(statements: list[ast.stmt], context: _Context) -> Iterator[Import]:
    uncertain = context.uncertain()
    for statement in statements:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield from _imported(statement, context)
        elif isinstance(statement, ast.Try | ast.TryStar):
            yield from _imports_of_try(statement, context)
        elif isinstance(statement, ast.If):
            yield from _imports_of_if(statement, context)
        elif isinstance(statement, ast.ClassDef | ast.With):
            yield from _imports(statement.body, context)
        elif isinstance(statement, _BLOCK_STATEMENTS):
            for block in _blocks(statement):
                yield from _imports(block, uncertain)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.Match):
        yield from (case.body for case in statement.cases)
    else:
        yield getattr(statement, "body", [])
        yield getattr(statement, "orelse", [])


def _imports_of_if(statement: ast.If, context: _Context) -> Iterator[Import]:
    """The imports under a condition, which may be why a module is not needed, such as the version of Python."""
    uncertain = context.uncertain()
    branches = (*_imports(statement.body, uncertain), *_imports(statement.orelse, uncertain))
    if not branches:
        return  # most conditions: their text is not needed, and writing it out takes long
    test = ast.unparse(statement.test)
    if test.rpartition(".")[2] == "TYPE_CHECKING":
        yield from _imports(statement.orelse, context)
    elif any(check in test for check in _PLATFORM_CHECKS):
        yield from (replace(each, is_caught=True) for each in branches)
    else:
        yield from branches


def _imports_of_try(statement: ast.Try | ast.TryStar, context: _Context) -> Iterator[Import]:
    is_caught = any(_catches(handler) for handler in statement.handlers)
    caught = replace(context, is_certain=False, is_caught=True) if is_caught else context
    yield from _imports(statement.body, caught)
    modules = tuple(module for inner in statement.body for module in _modules(inner))
    for handler in statement.handlers:
        yield from _imports(handler.body, replace(context, is_certain=False, fallback_for=modules))
    yield from _imports(statement.orelse, replace(context, is_certain=context.is_certain and not is_caught))
    yield from _imports(statement.finalbody, context)


def _imported(statement: ast.stmt, context: _Context) -> Iterator[Import]:
    names = tuple(alias.name for alias in statement.names) if isinstance(statement, ast.ImportFrom) else ()
    for module in _modules(statement):
        yield Import(
            module=module,
            line=statement.lineno,
            is_certain=context.is_certain,
            is_caught=context.is_caught,
            names=names,
            fallback_for=context.fallback_for,
        )


def _calls(tree: ast.Module) -> Iterator[Import]:
    """Imports by function call whose module is a literal text."""
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
