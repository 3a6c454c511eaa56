"""Python source -> what the module offers. Top-level statements only, also those under if, try, with and loops."""

from __future__ import annotations

import ast
import sys
import warnings
from typing import TYPE_CHECKING

from builder.handler.exports import Export, ExportKind, Exports

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NO_FUNCTION = (
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
_ARGUMENTS = 2
"""The event and the context (``awslambdaric``, ``handle_event_request``)."""
_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While)


def python_exports(source: bytes) -> Exports:
    """What a Python module offers by its top-level names.

    Args:
        source: Content of the file. Nothing of it is executed.
    """
    try:
        with warnings.catch_warnings():
            # A doubtful escape in the author's text is the author's linter's business.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except SyntaxError as error:
        return Exports(broken_line=error.lineno or 1, broken_reason=error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        return Exports(broken_line=1, broken_reason=str(error) or "it is nested too deep")
    module = _Module()
    module.run(tree.body, is_certain=True)
    names = {name: tuple(exports) for name, exports in module.names.items()}
    return Exports(names=names, stars=tuple(module.stars), is_open="__getattr__" in names)


class _Module:
    """Follows the bindings of a module's names in the order of its text."""

    def __init__(self) -> None:
        self.names: dict[str, list[Export]] = {}
        self.stars: list[str] = []

    def run(self, statements: Iterable[ast.stmt], *, is_certain: bool) -> None:
        """Take in statements; what is not certain to run adds to a name and does not replace it."""
        for statement in statements:
            if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
                self._star(statement)
            elif isinstance(statement, ast.Delete) and is_certain:
                for target in statement.targets:
                    self.names.pop(target.id if isinstance(target, ast.Name) else "", None)
            for name, exports in self._bindings(statement):
                kept = [] if is_certain else self.names.get(name, [])
                self.names[name] = [*kept, *exports]
            for block in _blocks(statement):
                self.run(block, is_certain=False)

    def _star(self, statement: ast.ImportFrom) -> None:
        module = "." * statement.level + (statement.module or "")
        if module.split(".")[0] not in sys.stdlib_module_names:
            self.stars.append(module)

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
                is_whole = item is value
                unknown = [Export(kind=ExportKind.FUNCTION, line=part.lineno)]
                if is_whole and isinstance(part, ast.Name):
                    yield part.id, unknown
                elif not is_whole:
                    yield from self._assigned(part, item)

    def _value(self, value: ast.expr) -> list[Export]:
        if isinstance(value, ast.Name) and value.id in self.names:
            return self.names[value.id]
        if isinstance(value, _NO_FUNCTION):
            return [Export(kind=ExportKind.VALUE, line=value.lineno)]
        if isinstance(value, ast.IfExp):
            return [*self._value(value.body), *self._value(value.orelse)]
        if isinstance(value, ast.Lambda):
            return [_function(value.args, value.lineno)]
        if isinstance(value, ast.Call) and _is_partial(value.func) and value.args:
            # What partial leaves of the parameters is not worked out.
            return [
                Export(kind=ExportKind.FUNCTION, line=value.lineno) if export.kind is ExportKind.SIGNATURE else export
                for export in self._value(value.args[0])
            ]
        return [Export(kind=ExportKind.FUNCTION, line=value.lineno)]


def _definition(statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Export:
    if isinstance(statement, ast.ClassDef):
        return Export(kind=ExportKind.VALUE, line=statement.lineno)
    if statement.decorator_list:
        # A decorator may turn a coroutine into a plain function and change what is passed on.
        return Export(kind=ExportKind.FUNCTION, line=statement.lineno)
    if isinstance(statement, ast.AsyncFunctionDef):
        return Export(kind=ExportKind.COROUTINE, line=statement.lineno)
    return _function(statement.args, statement.lineno)


def _function(parameters: ast.arguments, line: int) -> Export:
    """A function as Lambda calls it: with two positional arguments."""
    positional = len(parameters.posonlyargs) + len(parameters.args)
    required = positional - len(parameters.defaults)
    keywords = [
        argument.arg
        for argument, default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True)
        if default is None
    ]
    detail = ""
    if required > _ARGUMENTS:
        detail = f"requires {required} arguments"
    elif keywords:
        detail = f"requires the keyword argument {keywords[0]}"
    elif positional < _ARGUMENTS and parameters.vararg is None:
        detail = "takes one argument" if positional else "takes no arguments"
    return Export(kind=ExportKind.SIGNATURE if detail else ExportKind.FUNCTION, line=line, detail=detail)


def _imports(statement: ast.ImportFrom | ast.Import) -> Iterator[tuple[str, list[Export]]]:
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            yield alias.asname or alias.name.split(".")[0], [Export(kind=ExportKind.VALUE, line=statement.lineno)]
        elif alias.name != "*":
            module = "." * statement.level + (statement.module or "")
            passed_on = Export(kind=ExportKind.PASSED_ON, line=statement.lineno, module=module, name=alias.name)
            yield alias.asname or alias.name, [passed_on]


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
