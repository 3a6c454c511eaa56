"""Every file of the plugin's own code against the grammar of its runtime."""

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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.build_values import OwnFile
    from builder.platform.runtimes import Runtime

_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)
_MODULE_SYNTAX = re.compile(rb"^\s*(?:import\s*[\w{*\"']|export\s*[\w{*])", re.MULTILINE)
SCRIPTS = (".js", ".mjs", ".cjs")
_DETECTS_MODULES_FROM = 24
"""Lambda switches off the detection of ES modules by their text in Node.js 20 and 22 (AWS guide to Node.js)."""


def refuse_syntax_errors(sources: Sequence[OwnFile], runtime: Runtime, *, bundled: bool = False) -> None:
    """Parse every file of the runtime's language that goes into the artifact.

    Args:
        sources: The plugin's own files.
        runtime: Its language and version decide what is valid.
        bundled: Whether esbuild translates the scripts, which knows newer syntax than the runtime.

    Raises:
        ProjectError: Files have syntax errors; with the first one of each file.
    """
    flaws = (
        _python(sources, runtime.version)
        if runtime.language == "python"
        else _javascript(sources, runtime, bundled=bundled)
    )
    problems = [_problem(source, flaws[source.path], runtime) for source in sources if source.path in flaws]
    if problems:
        message = f"Some of the plugin's own code is not valid on {runtime.name}."
        raise ProjectError(message, problems=problems)


def _python(sources: Sequence[OwnFile], version: str) -> dict[str, SyntaxProblem]:
    texts = {source.path: as_utf8(source.content) for source in sources if source.path.endswith(".py")}
    flaws = {path: text for path, text in texts.items() if isinstance(text, SyntaxProblem)}
    readable = {path: text for path, text in texts.items() if isinstance(text, bytes) and text.strip()}
    if readable:
        with TemporaryDirectory() as folder:
            flaws.update(python_syntax_problems(readable, version, Path(folder)))
    return flaws


def _javascript(sources: Sequence[OwnFile], runtime: Runtime, *, bundled: bool) -> dict[str, SyntaxProblem]:
    forms = source_types(sources, runtime)
    scripts = {source.path: source.content for source in sources if source.path in forms}
    pairs = {(path, form): scripts[path] for path, choices in forms.items() for form in choices}
    if not pairs:
        return {}
    with TemporaryDirectory() as folder:
        found = javascript_syntax_problems(pairs, Path(folder))
    flaws = {}
    for path, choices in forms.items():
        if all((path, form) in found for form in choices):
            is_module = SourceType.MODULE in choices and _MODULE_SYNTAX.search(scripts[path])
            flaws[path] = found[path, SourceType.MODULE if is_module else choices[-1]]
        elif not bundled and (flaw := unsupported_syntax(scripts[path], int(runtime.version))) is not None:
            flaws[path] = flaw
    return flaws


def source_types(sources: Sequence[OwnFile], runtime: Runtime) -> dict[str, tuple[SourceType, ...]]:
    """How Node.js reads each script; both forms where it goes by the text."""
    types = {
        source.path.rpartition("package.json")[0]: _declared_type(source.content)
        for source in sources
        if f"/{source.path}".endswith("/package.json")
    }
    unnamed: tuple[SourceType, ...] = (SourceType.COMMONJS,)
    if int(runtime.version) >= _DETECTS_MODULES_FROM:
        unnamed = (SourceType.MODULE, SourceType.COMMONJS)
    forms = {}
    for source in sources:
        if source.path.endswith(SCRIPTS):
            forms[source.path] = _forms(source.path, types, unnamed)
    return forms


def _forms(path: str, types: Mapping[str, str], unnamed: tuple[SourceType, ...]) -> tuple[SourceType, ...]:
    if path.endswith((".mjs", ".cjs")):
        return (SourceType(path[-4:]),)
    folder = path
    while folder:
        folder = folder.rstrip("/").rpartition("/")[0]
        folder += "/" if folder else ""
        if folder in types:
            declared = types[folder]
            return {"module": (SourceType.MODULE,), "commonjs": (SourceType.COMMONJS,)}.get(declared, unnamed)
    return unnamed


def _declared_type(package_json: bytes) -> str:
    try:
        content = json.loads(package_json)
    except (ValueError, RecursionError):
        return ""
    declared = content.get("type") if isinstance(content, dict) else ""
    return declared if isinstance(declared, str) else ""


def _problem(source: OwnFile, flaw: SyntaxProblem, runtime: Runtime) -> Problem:
    conflict = _CONFLICT.search(source.content)
    if conflict is not None:
        line = source.content.count(b"\n", 0, conflict.start()) + 1
        message = "The file has conflict markers of a merge, so it is not valid code."
        return Problem(
            file=source.origin, line=line, message=message, hint="Keep the lines you want and delete the markers."
        )
    language = f"Python {runtime.version}" if runtime.language == "python" else f"Node.js {runtime.version}"
    hint = flaw.hint or "Correct the file, or leave it out with [build] exclude if the function does not need it."
    if runtime.language == "nodejs" and _is_misread(source, flaw):
        hint = 'If it is an ES module, write "type": "module" into package.json, or let the file name end in .mjs.'
    message = f"This is a syntax error on {language}: {flaw.message}."
    return Problem(file=source.origin, line=flaw.line, message=message, hint=hint)


def _is_misread(source: OwnFile, flaw: SyntaxProblem) -> bool:
    lines = source.content.split(b"\n")
    return flaw.line <= len(lines) and _MODULE_SYNTAX.match(lines[flaw.line - 1]) is not None
