"""Checks every file of the plugin's own code against the grammar of its runtime."""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from builder.code.javascript_syntax import SourceType, javascript_syntax_problems, unsupported_syntax
from builder.code.python_syntax import as_utf8, python_syntax_problems
from builder.code.syntax_problem import SyntaxProblem
from builder.errors import Problem, ProjectError
from builder.platform.runtimes import DETECTS_MODULES_FROM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.build_values import OwnFile
    from builder.platform.runtimes import Runtime

_CONFLICT_MARKER = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)
_MODULE_SYNTAX = re.compile(rb"^\s*(?:import\s*[\w{*\"']|export\s*[\w{*])", re.MULTILINE)
SCRIPTS = (".js", ".mjs", ".cjs")


def refuse_syntax_errors(sources: Sequence[OwnFile], runtime: Runtime, *, bundled: bool = False) -> None:
    """Parse every file of the runtime's language that goes into the artifact.

    Args:
        sources: The plugin's own files.
        runtime: Its language and version decide what is valid.
        bundled: Whether esbuild translates the scripts; it supports newer syntax than the runtime.

    Raises:
        ProjectError: Files have syntax errors; carries the first one of each file.
    """
    if runtime.language == "python":
        syntax_problems = _python_problems(sources, runtime.version)
    else:
        syntax_problems = _javascript_problems(sources, runtime, bundled=bundled)
    problems = [
        _problem(source, syntax_problems[source.path], runtime) for source in sources if source.path in syntax_problems
    ]
    if problems:
        message = f"Some of the plugin's own code is not valid on {runtime.name}."
        raise ProjectError(message, problems=problems)


def _python_problems(sources: Sequence[OwnFile], version: str) -> dict[str, SyntaxProblem]:
    texts = {source.path: as_utf8(source.content) for source in sources if source.path.endswith(".py")}
    problems = {path: text for path, text in texts.items() if isinstance(text, SyntaxProblem)}
    readable = {path: text for path, text in texts.items() if isinstance(text, bytes) and text.strip()}
    if readable:
        with TemporaryDirectory() as folder:
            problems.update(python_syntax_problems(readable, version, Path(folder)))
    return problems


def _javascript_problems(sources: Sequence[OwnFile], runtime: Runtime, *, bundled: bool) -> dict[str, SyntaxProblem]:
    types_by_path = source_types(sources, runtime)
    scripts = {source.path: source.content for source in sources if source.path in types_by_path}
    to_parse = {(path, each): scripts[path] for path, types in types_by_path.items() for each in types}
    if not to_parse:
        return {}
    with TemporaryDirectory() as folder:
        parse_problems = javascript_syntax_problems(to_parse, Path(folder))
    problems = {}
    for path, types in types_by_path.items():
        if all((path, each) in parse_problems for each in types):
            is_module = SourceType.MODULE in types and _MODULE_SYNTAX.search(scripts[path])
            problems[path] = parse_problems[path, SourceType.MODULE if is_module else types[-1]]
        elif not bundled and (unsupported := unsupported_syntax(scripts[path], int(runtime.version))) is not None:
            problems[path] = unsupported
    return problems


def source_types(sources: Sequence[OwnFile], runtime: Runtime) -> dict[str, tuple[SourceType, ...]]:
    """How Node.js loads each script; both types where its text decides."""
    package_types = {
        source.path.rpartition("package.json")[0]: _package_type(source.content)
        for source in sources
        if f"/{source.path}".endswith("/package.json")
    }
    undeclared: tuple[SourceType, ...] = (SourceType.COMMONJS,)
    if int(runtime.version) >= DETECTS_MODULES_FROM:
        undeclared = (SourceType.MODULE, SourceType.COMMONJS)
    return {
        source.path: _source_types_of(source.path, package_types, undeclared)
        for source in sources
        if source.path.endswith(SCRIPTS)
    }


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


def _problem(source: OwnFile, syntax_problem: SyntaxProblem, runtime: Runtime) -> Problem:
    conflict = _CONFLICT_MARKER.search(source.content)
    if conflict is not None:
        line = source.content.count(b"\n", 0, conflict.start()) + 1
        message = "The file contains merge conflict markers, so it is not valid code."
        hint = "Keep the lines that you want and delete the markers."
        return Problem(file=source.origin, line=line, message=message, hint=hint)
    language = f"Python {runtime.version}" if runtime.language == "python" else f"Node.js {runtime.version}"
    hint = syntax_problem.hint or "Fix the file, or exclude it with [build] exclude if the function does not need it."
    if runtime.language == "nodejs" and _is_module_syntax(source, syntax_problem):
        hint = 'If it is an ES module, write "type": "module" into package.json, or rename the file to .mjs.'
    message = f"Syntax error on {language}: {syntax_problem.message}."
    return Problem(file=source.origin, line=syntax_problem.line, message=message, hint=hint)


def _is_module_syntax(source: OwnFile, syntax_problem: SyntaxProblem) -> bool:
    lines = source.content.split(b"\n")
    return syntax_problem.line <= len(lines) and _MODULE_SYNTAX.match(lines[syntax_problem.line - 1]) is not None
