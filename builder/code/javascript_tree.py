"""Parses JavaScript with tree-sitter and finds nodes by a query."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query


def parse_script(source: bytes) -> Node:
    """The root of a script's syntax tree; a script with errors has one too."""
    from tree_sitter import Parser

    return Parser(_language()).parse(source).root_node


def captured_nodes(query: str, root: Node) -> dict[str, list[Node]]:
    """The nodes below ``root`` that match, by their names in the query."""
    from tree_sitter import QueryCursor

    return QueryCursor(_query(query)).captures(root)


@cache
def _language() -> Language:
    import tree_sitter_javascript
    from tree_sitter import Language

    return Language(tree_sitter_javascript.language())


@cache
def _query(text: str) -> Query:
    """Compiled once, because compiling a query takes longer than parsing a file."""
    from tree_sitter import Query

    return Query(_language(), text)
