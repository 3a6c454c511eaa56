"""Finds the first syntax error of JavaScript files, as Node.js would report it.

oxlint's parser (oxc) checks all early errors of ECMAScript. Compared with Node.js 24 over the 3,380
programs of test262-parser-tests, it finds every invalid program; it also rejects two valid ones
that use ``let`` as a name. It accepts some syntax that Node.js does not support;
``unsupported_syntax`` finds that.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING

from builder.code.javascript_tree import captured_nodes, parse_script
from builder.code.parsers import run_parser
from builder.code.syntax_problem import SyntaxProblem, syntax_problem_at
from builder.platform.runtimes import DETECTS_MODULES_FROM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tree_sitter import Node

    from builder.build_values import OwnFile
    from builder.platform.runtimes import Runtime

_OXLINT_SETTINGS = '{"categories": {"correctness": "off"}, "plugins": []}'

_ASSERT_REMOVED_IN = 22
"""Node.js 22 supports ``with`` only (V8 12.6; its changelog of 22.0.0)."""
_USING_FROM = 24
"""``using`` came with V8 13.4; Node.js 24.0.0 has V8 13.6 (its changelog)."""
_UNSUPPORTED_QUERY = """
[(jsx_element) (jsx_self_closing_element)] @jsx
(decorator) @decorator
(using_declaration (variable_declarator value: (_))) @using
(for_in_statement "using") @using
"""
_ASSERT = re.compile(
    rb"""^[ \t]*(?:import|export)\b[^'";]*(?:'[^'\n]*'|"[^"\n]*")[ \t]*(assert)\s*\{""",
    re.MULTILINE,
)
_UNSUPPORTED_SIGNS = re.compile(rb"</|/>|@|\busing\b|\bassert\b")
_TEXT_NODES = frozenset({"comment", "html_comment", "template_string", "string_fragment", "string"})
_COMPILE = "Compile the file to JavaScript before you package it."
_MESSAGES = {
    "jsx": ("Node.js does not support JSX", _COMPILE),
    "decorator": ("Node.js does not support decorators", _COMPILE),
    "using": ("Node.js supports `using` declarations from version 24 on", "Write try … finally, or use nodejs24.x."),
}


class SourceType(Enum):
    """How Node.js loads a file; the value is the file extension that says so."""

    MODULE = ".mjs"
    COMMONJS = ".cjs"


def javascript_syntax_problems(
    files: Mapping[tuple[str, SourceType], bytes], folder: Path
) -> dict[tuple[str, SourceType], SyntaxProblem]:
    """The first syntax error of each file that has one, parsed as the source type in its key.

    Args:
        files: (any name, source type) -> content.
        folder: An empty folder to work in.
    """
    keys = {}
    for number, (key, content) in enumerate(files.items()):
        name = f"{number}{key[1].value}"
        keys[name] = key
        (folder / name).write_bytes(content)
    (folder / "settings.json").write_text(_OXLINT_SETTINGS, "utf-8")
    arguments = ["-c", "settings.json", "--disable-nested-config", "--no-ignore", "--format", "json", "."]
    problems: dict[tuple[str, SourceType], SyntaxProblem] = {}
    for row in json.loads(run_parser("oxlint", arguments, folder))["diagnostics"]:
        key = keys[row["filename"].replace("\\", "/").rpartition("/")[2]]
        lines = [label["span"]["line"] for label in row["labels"]]
        problem = SyntaxProblem(line=max(lines, default=1), message=row["message"].rstrip("."))
        if key not in problems or problem.line < problems[key].line:
            problems[key] = problem
    return problems


def unsupported_syntax(source: bytes, version: int) -> SyntaxProblem | None:
    """The first place where a file uses syntax that oxlint accepts and Node.js does not.

    Args:
        source: A script that oxlint accepts.
        version: Of the runtime's Node.js.
    """
    if not _UNSUPPORTED_SIGNS.search(source):
        return None
    root = parse_script(source)
    captures = captured_nodes(_UNSUPPORTED_QUERY, root)
    problems = [
        syntax_problem_at(source, node.start_byte, *_MESSAGES[name])
        for name, nodes in captures.items()
        if name != "using" or version < _USING_FROM
        for node in nodes
        if not _is_misparsed(node)
    ]
    if version >= _ASSERT_REMOVED_IN:
        problems.extend(_assertions(source, root))
    return min(problems, key=lambda problem: problem.line, default=None)


def _assertions(source: bytes, root: Node) -> Iterator[SyntaxProblem]:
    for match in _ASSERT.finditer(source):
        node = root.descendant_for_byte_range(match.start(1), match.end(1))
        if node is not None and node.type not in _TEXT_NODES:
            message = "Node.js 22 and later do not support `assert` after the module"
            yield syntax_problem_at(source, match.start(1), message, "Write `with` instead of `assert`.")


def _is_misparsed(node: Node) -> bool:
    """Whether tree-sitter did not understand the code around a node, or took ``using`` at a line's end for one."""
    ancestor: Node | None = node
    while ancestor is not None:
        if ancestor.type == "ERROR":
            return True
        ancestor = ancestor.parent
    return node.type == "using_declaration" and node.children[0].end_point.row != node.children[1].start_point.row


def source_types(
    scripts: Sequence[OwnFile], sources: Sequence[OwnFile], runtime: Runtime
) -> dict[str, tuple[SourceType, ...]]:
    """How Node.js loads each script; both types where its text decides.

    Args:
        scripts: The JavaScript files.
        sources: All own files; each package.json decides for the scripts below it.
        runtime: The plugin's.
    """
    package_types = {
        source.path.rpartition("package.json")[0]: _package_type(source.content)
        for source in sources
        if f"/{source.path}".endswith("/package.json")
    }
    undeclared: tuple[SourceType, ...] = (SourceType.COMMONJS,)
    if int(runtime.version) >= DETECTS_MODULES_FROM:
        undeclared = (SourceType.MODULE, SourceType.COMMONJS)
    return {script.path: _source_types_of(script.path, package_types, undeclared) for script in scripts}


def _source_types_of(
    path: str, package_types: Mapping[str, str], undeclared: tuple[SourceType, ...]
) -> tuple[SourceType, ...]:
    if path.endswith((".mjs", ".cjs")):
        return (SourceType(path[-4:]),)
    folder = path
    while folder:
        folder = folder.rstrip("/").rpartition("/")[0]
        folder += "/" if folder else ""
        if folder in package_types:
            declared = {"module": (SourceType.MODULE,), "commonjs": (SourceType.COMMONJS,)}
            return declared.get(package_types[folder], undeclared)
    return undeclared


def _package_type(package_json: bytes) -> str:
    try:
        content = json.loads(package_json)
    except (ValueError, RecursionError):
        return ""
    declared = content.get("type") if isinstance(content, dict) else ""
    return declared if isinstance(declared, str) else ""
