"""Reads what a JavaScript file exports, as an ES module and as CommonJS.

The parser is tree-sitter. It does not stop at an error and does not recurse, and neither do the
loops here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from builder.handler.exports import Export, ExportKind, Exports
from builder.handler.javascript_commonjs import commonjs_exports
from builder.handler.javascript_values import Names, declared_names, line_of, local_names, name_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_ES_STATEMENTS = frozenset({"import_statement", "export_statement"})


class JavaScriptExports(Struct, frozen=True, kw_only=True):
    """The exports of one file, read in two ways; its name and package.json decide which one counts.

    Attributes:
        as_module: What ``export`` statements export.
        as_commonjs: What ``module.exports`` and ``exports`` export.
        has_es_syntax: Whether it has ``import`` or ``export`` statements at its top level.
    """

    as_module: Exports
    as_commonjs: Exports
    has_es_syntax: bool


def javascript_exports(source: bytes) -> JavaScriptExports:
    """What a JavaScript file exports.

    Args:
        source: Content of the file. It is not executed.
    """
    import tree_sitter_javascript
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_javascript.language())).parse(source).root_node
    line = _first_error(root)
    reason = "it is not valid JavaScript" if line else ""
    if b"\0" in source:
        line, reason = source[: source.index(b"\0")].count(b"\n") + 1, "it contains a NUL byte"
    try:
        as_commonjs = commonjs_exports(root, error_line=line, error_message=reason)
    except RecursionError:
        as_commonjs = Exports(error_line=1, error_message="it is nested too deeply")
    return JavaScriptExports(
        as_module=es_exports(root, error_line=line, error_message=reason),
        as_commonjs=as_commonjs,
        has_es_syntax=any(child.type in _ES_STATEMENTS for child in root.children),
    )


def es_exports(root: Node, *, error_line: int, error_message: str) -> Exports:
    """What the ``export`` statements of a file export."""
    names = local_names(root)
    exports: Names = {}
    star_modules: list[str] = []
    for statement in root.children:
        if statement.type != "export_statement":
            continue
        source = name_of(statement.child_by_field_name("source"))
        if source and any(child.type == "*" for child in statement.children):
            star_modules.append(source)
        exports.update(_exported(statement, source, names))
    return Exports(names=exports, star_modules=tuple(star_modules), error_line=error_line, error_message=error_message)


def _exported(statement: Node, source: str, names: Names) -> Iterator[tuple[str, tuple[Export, ...]]]:
    declaration = statement.child_by_field_name("declaration")
    if any(child.type == "default" for child in statement.children):
        # `export default function handler` exports the name "default" and no other.
        yield "default", value_of(statement.child_by_field_name("value") or declaration, names)
    else:
        yield from declared_names(declaration, names)
    for child in statement.named_children:
        if child.type == "namespace_export":
            yield name_of(child.named_children[-1]), (Export(kind=ExportKind.NOT_A_FUNCTION, line=line_of(child)),)
        for specifier in child.named_children if child.type == "export_clause" else ():
            name = name_of(specifier.child_by_field_name("name"))
            alias = name_of(specifier.child_by_field_name("alias")) or name
            if source:
                reexport = Export(kind=ExportKind.REEXPORT, line=line_of(specifier), module=source, name=name)
                yield alias, (reexport,)
            else:
                yield alias, names.get(name, ())


def _first_error(root: Node) -> int:
    if not root.has_error:
        return 0
    return next((node.start_point.row + 1 for node in _error_nodes(root)), 1)


def _error_nodes(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            yield node
        pending.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)
