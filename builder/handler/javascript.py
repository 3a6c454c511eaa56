"""JavaScript source -> what the module offers, as an ES module and as CommonJS.

Read with tree-sitter, which does not stop at an error and does not recurse, so neither do the walks here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.handler.exports import Exports
from builder.handler.javascript_commonjs import commonjs_exports
from builder.handler.javascript_modules import es_exports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_ES_STATEMENTS = frozenset({"import_statement", "export_statement"})


@dataclass(frozen=True, kw_only=True, slots=True)
class JavaScript:
    """One file, seen both ways; its name and package.json decide which one counts.

    Attributes:
        as_module: What ``export`` offers.
        as_commonjs: What ``module.exports`` and ``exports`` offer.
        has_es_syntax: Whether ``import`` or ``export`` statements stand at its top level.
    """

    as_module: Exports
    as_commonjs: Exports
    has_es_syntax: bool


def javascript_exports(source: bytes) -> JavaScript:
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
    return JavaScript(
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
