"""JavaScript source -> what the module offers, as an ES module and as CommonJS.

Read with tree-sitter, which does not stop at an error and does not recurse, so neither do the walks here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.handler.exports import Export, ExportKind, Exports
from builder.handler.javascript_commonjs import commonjs_exports
from builder.handler.javascript_values import Names, declared_names, line_of, local_names, name_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node


# The ``export`` statements of an ES module.
def es_exports(root: Node, *, broken_line: int, broken_reason: str) -> Exports:
    """What the ``export`` statements of a file offer."""
    names = local_names(root)
    found: Names = {}
    stars: list[str] = []
    for statement in root.children:
        if statement.type != "export_statement":
            continue
        source = name_of(statement.child_by_field_name("source"))
        if source and any(child.type == "*" for child in statement.children):
            stars.append(source)
        found.update(_exported(statement, source, names))
    return Exports(names=found, stars=tuple(stars), broken_line=broken_line, broken_reason=broken_reason)


def _exported(statement: Node, source: str, names: Names) -> Iterator[tuple[str, tuple[Export, ...]]]:
    declaration = statement.child_by_field_name("declaration")
    if any(child.type == "default" for child in statement.children):
        # `export default function handler` offers the name "default" and no other.
        yield "default", value_of(statement.child_by_field_name("value") or declaration, names)
    else:
        yield from declared_names(declaration, names)
    for child in statement.named_children:
        if child.type == "namespace_export":
            yield name_of(child.named_children[-1]), (Export(kind=ExportKind.VALUE, line=line_of(child)),)
        for specifier in child.named_children if child.type == "export_clause" else ():
            name = name_of(specifier.child_by_field_name("name"))
            alias = name_of(specifier.child_by_field_name("alias")) or name
            if source:
                passed_on = Export(kind=ExportKind.PASSED_ON, line=line_of(specifier), module=source, name=name)
                yield alias, (passed_on,)
            else:
                yield alias, names.get(name, ())


_ES_STATEMENTS = frozenset({"import_statement", "export_statement"})


@dataclass(frozen=True, kw_only=True, slots=True)
class JavaScriptExports:
    """One file, seen both ways; its name and package.json decide which one counts.

    Attributes:
        as_module: What ``export`` offers.
        as_commonjs: What ``module.exports`` and ``exports`` offer.
        has_es_syntax: Whether ``import`` or ``export`` statements stand at its top level.
    """

    as_module: Exports
    as_commonjs: Exports
    has_es_syntax: bool


def javascript_exports(source: bytes) -> JavaScriptExports:
    """What a JavaScript file offers.

    Args:
        source: Content of the file. Nothing of it is executed.
    """
    import tree_sitter_javascript
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_javascript.language())).parse(source).root_node
    line = _first_error(root)
    reason = "it is not valid JavaScript" if line else ""
    if b"\0" in source:
        line, reason = source[: source.index(b"\0")].count(b"\n") + 1, "it holds a NUL byte"
    try:
        as_commonjs = commonjs_exports(root, broken_line=line, broken_reason=reason)
    except RecursionError:
        as_commonjs = Exports(broken_line=1, broken_reason="it is nested too deep")
    return JavaScriptExports(
        as_module=es_exports(root, broken_line=line, broken_reason=reason),
        as_commonjs=as_commonjs,
        has_es_syntax=any(child.type in _ES_STATEMENTS for child in root.children),
    )


def _first_error(root: Node) -> int:
    if not root.has_error:
        return 0
    return next((node.start_point.row + 1 for node in _wrong_nodes(root)), 1)


def _wrong_nodes(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            yield node
        pending.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)
