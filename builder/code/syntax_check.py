"""Checks every file of the plugin's own code against the grammar of its runtime."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.archive.file_results import FileResults
from builder.code.syntax_problem import SyntaxProblem
from builder.errors import Problem, ProjectError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.build_values import OwnFile
    from builder.code.javascript_syntax import SourceType
    from builder.platform.runtimes import Runtime

_CODE = "syntax"
_CONFLICT_MARKER = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)
_MODULE_SYNTAX = re.compile(rb"^\s*(?:import\s*[\w{*\"']|export\s*[\w{*])", re.MULTILINE)
SCRIPTS = (".js", ".mjs", ".cjs")


def refuse_syntax_errors(
    sources: Sequence[OwnFile], runtime: Runtime, *, bundled: bool = False, results: FileResults | None = None
) -> None:
    """Parse every file of the runtime's language that goes into the artifact.

    Args:
        sources: The plugin's own files.
        runtime: Its language and version decide what is valid.
        bundled: Whether esbuild translates the scripts; it supports newer syntax than the runtime.
        results: Files that were valid before are not parsed again.

    Raises:
        ProjectError: Files have syntax errors; carries the first one of each file.
    """
    results = results or FileResults()
    types = _source_types(sources, runtime)
    examinations = {source.path: f"syntax: {runtime.name} {bundled} {types.get(source.path)}" for source in sources}
    unknown = [source for source in sources if not results.get(examinations[source.path], source)]
    if not unknown:
        return  # before the parsers are loaded
    if runtime.language == "python":
        syntax_problems = _python_problems(unknown, runtime.version)
    else:
        syntax_problems = _javascript_problems(unknown, types, runtime, bundled=bundled)
    problems = [
        _problem(source, syntax_problems[source.path], runtime) for source in unknown if source.path in syntax_problems
    ]
    for source in unknown:
        if source.path not in syntax_problems:
            results.put(examinations[source.path], source, "valid")
    if problems:
        message = f"Some of the plugin's own code is not valid on {runtime.name}."
        raise ProjectError(message, problems=problems)


def _source_types(sources: Sequence[OwnFile], runtime: Runtime) -> dict[str, tuple[SourceType, ...]]:
    if runtime.language == "python":
        return {}
    from builder.code.javascript_syntax import source_types

    return source_types([source for source in sources if source.path.endswith(SCRIPTS)], sources, runtime)


def _python_problems(sources: Sequence[OwnFile], version: str) -> dict[str, SyntaxProblem]:
    from builder.code.python_syntax import as_utf8, python_syntax_problems

    texts = {source.path: as_utf8(source.content) for source in sources if source.path.endswith(".py")}
    problems = {path: text for path, text in texts.items() if isinstance(text, SyntaxProblem)}
    readable = {path: text for path, text in texts.items() if isinstance(text, bytes) and text.strip()}
    if readable:
        problems.update(python_syntax_problems(readable, version))
    return problems


def _javascript_problems(
    sources: Sequence[OwnFile], types_by_path: Mapping[str, tuple[SourceType, ...]], runtime: Runtime, *, bundled: bool
) -> dict[str, SyntaxProblem]:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from builder.code.javascript_syntax import SourceType, javascript_syntax_problems, unsupported_syntax

    scripts = {source.path: source.content for source in sources if source.path in types_by_path}
    to_parse = {(path, each): scripts[path] for path in scripts for each in types_by_path[path]}
    if not to_parse:
        return {}
    with TemporaryDirectory() as folder:
        parse_problems = javascript_syntax_problems(to_parse, Path(folder))
    problems = {}
    for path, script in scripts.items():
        types = types_by_path[path]
        if all((path, each) in parse_problems for each in types):
            is_module = SourceType.MODULE in types and _MODULE_SYNTAX.search(script)
            problems[path] = parse_problems[path, SourceType.MODULE if is_module else types[-1]]
        elif not bundled and (unsupported := unsupported_syntax(script, int(runtime.version))) is not None:
            problems[path] = unsupported
    return problems


def _problem(source: OwnFile, syntax_problem: SyntaxProblem, runtime: Runtime) -> Problem:
    conflict = _CONFLICT_MARKER.search(source.content)
    if conflict is not None:
        line = source.content.count(b"\n", 0, conflict.start()) + 1
        message = "The file contains merge conflict markers, so it is not valid code."
        hint = "Keep the lines that you want and delete the markers."
        return Problem(file=source.origin, line=line, message=message, hint=hint, code=_CODE)
    language = f"Python {runtime.version}" if runtime.language == "python" else f"Node.js {runtime.version}"
    hint = syntax_problem.hint or "Fix the file, or exclude it with [build] exclude if the function does not need it."
    if runtime.language == "nodejs" and _is_module_syntax(source, syntax_problem):
        hint = 'If it is an ES module, write "type": "module" into package.json, or rename the file to .mjs.'
    message = f"Syntax error on {language}: {syntax_problem.message}."
    return Problem(file=source.origin, line=syntax_problem.line, message=message, hint=hint, code=_CODE)


def _is_module_syntax(source: OwnFile, syntax_problem: SyntaxProblem) -> bool:
    lines = source.content.split(b"\n")
    return syntax_problem.line <= len(lines) and _MODULE_SYNTAX.match(lines[syntax_problem.line - 1]) is not None
