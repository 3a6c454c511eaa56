"""Reads what a Python module exports: by its top-level statements, also inside if, try, with and loops."""

from __future__ import annotations

import ast
import sys
import warnings
from typing import TYPE_CHECKING

from builder.handler.exports import Export, ExportKind, Exports

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NOT_FUNCTIONS = (
    ast.Constant,
    ast.JoinedStr,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Compare,
)
_ARGUMENT_COUNT = 2
"""The event and the context (``awslambdaric``, ``handle_event_request``)."""
_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While)


def python_exports(source: bytes) -> Exports:
    """What a Python module exports by its top-level names.

    Args:
        source: Content of the file. It is not executed.
    """
    try:
        with warnings.catch_warnings():
            # A warning about an invalid escape belongs into the author's linter.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except SyntaxError as error:
        return Exports(error_line=error.lineno or 1, error_message=error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        return Exports(error_line=1, error_message=str(error) or "it is nested too deeply")
    module = _ModuleExports()
    module.run(tree.body, is_certain=True)
    names = {name: tuple(exports) for name, exports in module.names.items()}
    return Exports(names=names, star_modules=tuple(module.star_modules), has_unknown_names="__getattr__" in names)


class _ModuleExports:
    """Collects what a module's names mean, in the order of its text."""

    def __init__(self) -> None:
        self.names: dict[str, list[Export]] = {}
        self.star_modules: list[str] = []

    def run(self, statements: Iterable[ast.stmt], *, is_certain: bool) -> None:
        """Read statements. One that may not run adds a meaning to a name; another one replaces it."""
        for statement in statements:
            if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
                self._star(statement)
            elif isinstance(statement, ast.Delete) and is_certain:
                for target in statement.targets:
                    self.names.pop(target.id if isinstance(target, ast.Name) else "", None)
            for name, exports in self._bindings(statement):
                previous = [] if is_certain else self.names.get(name, [])
                self.names[name] = [*previous, *exports]
            for block in _blocks(statement):
                self.run(block, is_certain=False)

    def _star(self, statement: ast.ImportFrom) -> None:
        module = "." * statement.level + (statement.module or "")
        if module.split(".")[0] not in sys.stdlib_module_names:
            self.star_modules.append(module)

    def _bindings(self, statement: ast.stmt) -> Iterator[tuple[str, list[Export]]]:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name, [_definition(statement)]
        elif isinstance(statement, ast.ImportFrom | ast.Import):
            yield from _imports(statement)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from self._assigned(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield from self._assigned(statement.target, statement.value)

    def _assigned(self, target: ast.expr, value: ast.expr) -> Iterator[tuple[str, list[Export]]]:
        if isinstance(target, ast.Name):
            yield target.id, self._value(value)
        elif isinstance(target, ast.Tuple | ast.List):
            values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            pairs = zip(target.elts, values, strict=False) if len(values) == len(target.elts) else ()
            for part, item in pairs or ((part, value) for part in target.elts):
                is_whole_value = item is value
                unknown = [Export(kind=ExportKind.FUNCTION, line=part.lineno)]
                if is_whole_value and isinstance(part, ast.Name):
                    yield part.id, unknown
                elif not is_whole_value:
                    yield from self._assigned(part, item)

    def _value(self, value: ast.expr) -> list[Export]:
        if isinstance(value, ast.Name) and value.id in self.names:
            return self.names[value.id]
        if isinstance(value, _NOT_FUNCTIONS):
            return [Export(kind=ExportKind.NOT_A_FUNCTION, line=value.lineno)]
        if isinstance(value, ast.IfExp):
            return [*self._value(value.body), *self._value(value.orelse)]
        if isinstance(value, ast.Lambda):
            return [_function(value.args, value.lineno)]
        if isinstance(value, ast.Call) and _is_partial(value.func) and value.args:
            # The parameters that partial leaves are not computed.
            return [
                Export(kind=ExportKind.FUNCTION, line=value.lineno)
                if export.kind is ExportKind.WRONG_SIGNATURE
                else export
                for export in self._value(value.args[0])
            ]
        return [Export(kind=ExportKind.FUNCTION, line=value.lineno)]


def _definition(statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Export:
    if isinstance(statement, ast.ClassDef):
        return Export(kind=ExportKind.NOT_A_FUNCTION, line=statement.lineno)
    if statement.decorator_list:
        # A decorator may turn a coroutine into a plain function and change its parameters.
        return Export(kind=ExportKind.FUNCTION, line=statement.lineno)
    if isinstance(statement, ast.AsyncFunctionDef):
        return Export(kind=ExportKind.COROUTINE, line=statement.lineno)
    return _function(statement.args, statement.lineno)


def _function(parameters: ast.arguments, line: int) -> Export:
    """A function; its signature is wrong unless it accepts two positional arguments, as Lambda calls it."""
    positional_parameters = len(parameters.posonlyargs) + len(parameters.args)
    required = positional_parameters - len(parameters.defaults)
    keywords = [
        argument.arg
        for argument, default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True)
        if default is None
    ]
    detail = ""
    if required > _ARGUMENT_COUNT:
        detail = f"requires {required} arguments"
    elif keywords:
        detail = f"requires the keyword argument {keywords[0]}"
    elif positional_parameters < _ARGUMENT_COUNT and parameters.vararg is None:
        detail = "takes one argument" if positional_parameters else "takes no arguments"
    return Export(kind=ExportKind.WRONG_SIGNATURE if detail else ExportKind.FUNCTION, line=line, detail=detail)


def _imports(statement: ast.ImportFrom | ast.Import) -> Iterator[tuple[str, list[Export]]]:
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            yield (
                alias.asname or alias.name.split(".")[0],
                [Export(kind=ExportKind.NOT_A_FUNCTION, line=statement.lineno)],
            )
        elif alias.name != "*":
            module = "." * statement.level + (statement.module or "")
            reexport = Export(kind=ExportKind.REEXPORT, line=statement.lineno, module=module, name=alias.name)
            yield alias.asname or alias.name, [reexport]


def _is_partial(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name == "partial"


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.Match):
        yield from (case.body for case in statement.cases)
    elif isinstance(statement, _BLOCKS):
        yield statement.body
        yield from (handler.body for handler in getattr(statement, "handlers", ()))
        yield getattr(statement, "orelse", [])
        yield getattr(statement, "finalbody", [])
