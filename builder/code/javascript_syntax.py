"""JavaScript files -> their first syntax error as Node.js would report it, found by oxlint's parser.

oxlint's parser (oxc) checks all early errors of ECMAScript. Compared with Node.js 24 over the 3,380 programs of
test262-parser-tests: every broken one is found; it also refuses two programs that use ``let`` as a name.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING

from builder.code.javascript_tree import captured_nodes, parse_script
from builder.code.parsers import run_parser
from builder.code.syntax_problem import SyntaxProblem, syntax_problem_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tree_sitter import Node


# Syntax that oxlint's parser accepts in JavaScript files and Node.js does not.
_ASSERT_REMOVED_IN = 22
"""Node.js 22 reads ``with`` only (V8 12.6; its changelog of 22.0.0)."""
_USING_FROM = 24
"""``using`` came with V8 13.4; Node.js 24.0.0 has V8 13.6 (its changelog)."""
_QUERY = """
[(jsx_element) (jsx_self_closing_element)] @jsx
(decorator) @decorator
(using_declaration (variable_declarator value: (_))) @using
(for_in_statement "using") @using
"""
_ASSERT = re.compile(
    rb"""^[ \t]*(?:import|export)\b[^'";]*(?:'[^'\n]*'|"[^"\n]*")[ \t]*(assert)\s*\{""",
    re.MULTILINE,
)
_SIGNS = re.compile(rb"</|/>|@|\busing\b|\bassert\b")
_TEXT = frozenset({"comment", "html_comment", "template_string", "string_fragment", "string"})
_COMPILE = "Compile the file to JavaScript before it is packaged."
_SENTENCES = {
    "jsx": ("Node.js does not read JSX", _COMPILE),
    "decorator": ("Node.js does not read decorators", _COMPILE),
    "using": ("Node.js reads `using` declarations from version 24 on", "Write try … finally, or use nodejs24.x."),
}


def unsupported_syntax(source: bytes, version: int) -> SyntaxProblem | None:
    """The first place where a file uses such syntax.

    Args:
        source: A script that oxlint accepts.
        version: Of the runtime's Node.js.
    """
    if not _SIGNS.search(source):
        return None
    root = parse_script(source)
    captures = captured_nodes(_QUERY, root)
    flaws = [
        syntax_problem_at(source, node.start_byte, *_SENTENCES[kind])
        for kind, nodes in captures.items()
        if kind != "using" or version < _USING_FROM
        for node in nodes
        if not _is_unsure(node)
    ]
    if version >= _ASSERT_REMOVED_IN:
        flaws.extend(_assertions(source, root))
    return min(flaws, key=lambda flaw: flaw.line, default=None)


def _assertions(source: bytes, root: Node) -> Iterator[SyntaxProblem]:
    for match in _ASSERT.finditer(source):
        place = root.descendant_for_byte_range(match.start(1), match.end(1))
        if place is not None and place.type not in _TEXT:
            message = "Node.js 22 and later do not read `assert` after the module"
            yield syntax_problem_at(source, match.start(1), message, "Write `with` in place of `assert`.")


def _is_unsure(node: Node) -> bool:
    """Whether tree-sitter did not understand the code around a node, or took ``using`` at a line's end for one."""
    above: Node | None = node
    while above is not None:
        if above.type == "ERROR":
            return True
        above = above.parent
    return node.type == "using_declaration" and node.children[0].end_point.row != node.children[1].start_point.row


_SETTINGS = '{"categories": {"correctness": "off"}, "plugins": []}'


class SourceType(Enum):
    """How Node.js reads a file."""

    MODULE = ".mjs"
    COMMONJS = ".cjs"


def javascript_syntax_problems(
    files: Mapping[tuple[str, SourceType], bytes], folder: Path
) -> dict[tuple[str, SourceType], SyntaxProblem]:
    """The first syntax error of each file that has one, read as the form in its key.

    Args:
        files: Any name and the form to read it as -> its content.
        folder: An empty folder to work in.
    """
    keys = {}
    for number, (key, content) in enumerate(files.items()):
        name = f"{number}{key[1].value}"
        keys[name] = key
        (folder / name).write_bytes(content)
    (folder / "settings.json").write_text(_SETTINGS, "utf-8")
    arguments = ["-c", "settings.json", "--disable-nested-config", "--no-ignore", "--format", "json", "."]
    flaws: dict[tuple[str, SourceType], SyntaxProblem] = {}
    for row in json.loads(run_parser("oxlint", arguments, folder))["diagnostics"]:
        key = keys[row["filename"].replace("\\", "/").rpartition("/")[2]]
        places = [label["span"]["line"] for label in row["labels"]]
        flaw = SyntaxProblem(line=max(places, default=1), message=row["message"].rstrip("."))
        if key not in flaws or flaw.line < flaws[key].line:
            flaws[key] = flaw
    return flaws
