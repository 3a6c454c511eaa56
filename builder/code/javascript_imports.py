"""Reads the imports of a JavaScript file, without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.code.imports import Import
from builder.code.javascript_tree import captured_nodes, parse_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_IMPORT_QUERY = """
(import_statement source: (string) @name)
(export_statement source: (string) @name)
(call_expression function: (identifier) @call (#eq? @call "require") arguments: (arguments . (string) @require))
(call_expression function: (import) arguments: (arguments . (string) @dynamic))
"""
_CONDITIONAL_NODES = frozenset(
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
        "catch_clause",
    }
)


def javascript_imports(source: bytes) -> tuple[Import, ...]:
    """Every import whose module is a literal text."""
    nodes_by_name = captured_nodes(_IMPORT_QUERY, parse_script(source))
    imports = [
        Import(
            module=(node.text or b"")[1:-1].decode("utf-8", "replace"),
            line=node.start_point.row + 1,
            is_certain=capture == "name" or not (_is_caught(node) or _is_conditional(node)),
            is_caught=capture != "name" and _is_caught(node),
            exact=capture != "require",
        )
        for capture in ("name", "require", "dynamic")
        for node in nodes_by_name.get(capture, ())
    ]
    return tuple(sorted(imports, key=lambda each: each.line))


def _is_caught(node: Node) -> bool:
    """Whether a call is in a ``try`` block that has a ``catch``."""
    return any(
        outer.type == "try_statement"
        and outer.child_by_field_name("handler") is not None
        and inner == outer.child_by_field_name("body")
        for inner, outer in _ancestors(node)
    )


def _is_conditional(node: Node) -> bool:
    """Whether a call may not run when the file is loaded."""
    return any(outer.type in _CONDITIONAL_NODES for _, outer in _ancestors(node))


def _ancestors(node: Node) -> Iterator[tuple[Node, Node]]:
    inner, outer = node, node.parent
    while outer is not None:
        yield inner, outer
        inner, outer = outer, outer.parent
