"""JavaScript source -> what it imports. Nothing of it is executed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.code.imports import Import

if TYPE_CHECKING:
    from tree_sitter import Node

_QUERY = """
(import_statement source: (string) @name)
(export_statement source: (string) @name)
(call_expression function: (identifier) @call (#eq? @call "require") arguments: (arguments . (string) @require))
(call_expression function: (import) arguments: (arguments . (string) @dynamic))
"""
_UNCERTAIN = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
        "if_statement",
        "ternary_expression",
        "binary_expression",
        "switch_statement",
    }
)


def javascript_imports(source: bytes) -> tuple[Import, ...]:
    """Every import of a file whose module is written out."""
    import tree_sitter_javascript
    from tree_sitter import Language, Parser, Query, QueryCursor

    language = Language(tree_sitter_javascript.language())
    root = Parser(language).parse(source).root_node
    found = QueryCursor(Query(language, _QUERY)).captures(root)
    imports = [
        Import(
            module=(node.text or b"")[1:-1].decode("utf-8", "replace"),
            line=node.start_point.row + 1,
            is_certain=kind == "name" or _is_certain(node),
            exact=kind != "require",
        )
        for kind in ("name", "require", "dynamic")
        for node in found.get(kind, ())
    ]
    return tuple(sorted(imports, key=lambda one: one.line))


def _is_certain(node: Node) -> bool:
    """Whether a call runs whenever the file is loaded, and nothing catches its failure."""
    inner, outer = node, node.parent
    while outer is not None:
        is_caught = outer.type in {"try_statement", "catch_clause"} and inner.type != "finally_clause"
        if outer.type in _UNCERTAIN or is_caught:
            return False
        inner, outer = outer, outer.parent
    return True
