"""Imports of the plugin's own code that find nothing on Lambda."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.code.javascript_imports import javascript_imports
from builder.code.javascript_modules import JavaScriptModules
from builder.code.python_imports import python_imports
from builder.code.python_modules import PythonModules
from builder.code.python_syntax import as_utf8
from builder.code.syntax import SCRIPTS
from builder.errors import Problem, ProjectError, Severity
from builder.manifest.finding import format_key
from builder.platform.distributions import PACKAGE_OF_MODULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from builder.code.imports import Import
    from builder.code.syntax import Source
    from builder.manifest.model import Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class _Missing:
    """One import that finds nothing."""

    source: Source
    found: Import
    spelt: str


def refuse_missing_imports(manifest: Manifest, sources: Sequence[Source], paths: Iterable[str]) -> tuple[Problem, ...]:
    """Look for every module that the plugin's own code imports by name.

    Args:
        manifest: Its runtime provides modules, and ``[build.allow-missing-imports]`` names what may be missing.
        sources: The plugin's own files.
        paths: Every path of the artifact.

    Returns:
        Warnings: imports that need not succeed, and allowances that allow nothing.

    Raises:
        ProjectError: A module is missing whose import would stop the function.
    """
    allowed = manifest.build.allow_missing_imports
    is_python = manifest.runtime.language == "python"
    every = [*(_python if is_python else _javascript)(manifest, sources, paths)]
    problems = [_problem(one, is_python=is_python) for one in every if one.found.module not in allowed]
    missing = {one.found.module for one in every}
    if any(problem.severity is Severity.ERROR for problem in problems):
        message = "The function would stop with an import error: the artifact lacks modules that its code imports."
        raise ProjectError(message, problems=problems)
    return (*problems, *(_idle(manifest, name) for name in sorted(allowed.keys() - missing)))


def _python(manifest: Manifest, sources: Sequence[Source], paths: Iterable[str]) -> Iterator[_Missing]:
    own = {source.path: source.content for source in sources if source.path.endswith(".py")}
    modules = PythonModules(own, paths, manifest.runtime.version)
    for source in sources:
        text = as_utf8(source.content) if source.path in own else None
        for found in (python_imports(text) or ()) if isinstance(text, bytes) else ():
            if modules.has(found.module, source.path):
                continue
            replaced = found.alternatives
            if not replaced or not all(modules.has(one, source.path) for one in replaced):
                yield _Missing(source=source, found=found, spelt=modules.spelt_otherwise(found.module))


def _javascript(manifest: Manifest, sources: Sequence[Source], paths: Iterable[str]) -> Iterator[_Missing]:
    own = {source.path: source.content for source in sources}
    modules = JavaScriptModules(own, paths, manifest.runtime.version)
    imports = {source.path: javascript_imports(source.content) for source in sources if source.path.endswith(SCRIPTS)}
    start = manifest.plugin.handler.rpartition("/")
    stem = start[0] + start[1] + start[2].partition(".")[0]
    loaded = _loaded([stem + ending for ending in SCRIPTS], imports, modules)
    for source in sources:
        for one in imports.get(source.path, ()):
            # What the handler never loads, such as a script that deploys, does not stop the function.
            found = one if source.path in loaded else replace(one, is_certain=False)
            if not modules.has(found.module, source.path, exact=found.exact):
                yield _Missing(source=source, found=found, spelt=modules.spelt_otherwise(found.module))


def _loaded(starts: list[str], imports: Mapping[str, tuple[Import, ...]], modules: JavaScriptModules) -> set[str]:
    """The own scripts that the handler's file loads, directly or through others."""
    pending = [start for start in starts if start in imports]
    loaded: set[str] = set()
    while pending:
        path = pending.pop()
        loaded.add(path)
        relative = [one for one in imports[path] if one.module.startswith(".")]
        targets = {modules.file(one.module, path, exact=one.exact) for one in relative}
        pending.extend(target for target in targets if target in imports and target not in loaded)
    return loaded


def _problem(missing: _Missing, *, is_python: bool) -> Problem:
    module = missing.found.module
    top = module.split(".")[0] if is_python else module
    what = "module" if is_python or not module.startswith((".", "#")) else "file"
    hint = f"Add {PACKAGE_OF_MODULE.get(top, top)} to the dependencies and run `biot-plugin lock`."
    if missing.spelt:
        hint = f"Write {missing.spelt}: upper and lower case count on Lambda."
    elif module.startswith((".", "#")):
        hint = "Create the file, or correct the import; upper and lower case count on Lambda."
    return Problem(
        file=missing.source.origin,
        line=missing.found.line,
        message=f"The {what} {module} is not in the artifact, and the runtime does not have it.",
        hint=f"{hint} If the function works without it, allow that in plugin.toml.",
        setting=f'[build.allow-missing-imports]\n{format_key((module,))} = "why"\n',
        severity=Severity.ERROR if missing.found.is_certain else Severity.WARNING,
    )


def _idle(manifest: Manifest, module: str) -> Problem:
    return Problem(
        file=manifest.file.name,
        key=format_key(("build", "allow-missing-imports", module)),
        message=f"{module} may be missing, and no import of it fails.",
        hint="Delete the line, so that it does not allow the next one.",
        severity=Severity.WARNING,
    )
