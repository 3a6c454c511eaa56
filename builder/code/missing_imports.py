"""Imports of the plugin's own code that find nothing on Lambda."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.code.imports import Import, loaded_files
from builder.code.javascript_imports import javascript_imports
from builder.code.javascript_resolution import JavaScriptModules
from builder.code.python_imports import python_imports
from builder.code.python_resolution import PythonModules
from builder.code.python_syntax import as_utf8
from builder.code.syntax_check import SCRIPTS
from builder.errors import Problem, ProjectError, Severity
from builder.manifest.finding import format_key
from builder.platform.distributions import PACKAGE_OF_MODULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from builder.build_values import OwnFile
    from builder.manifest.model import Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class _Missing:
    """One import that finds nothing; ``is_own`` says that the module could only be one of the plugin's own."""

    source: OwnFile
    found: Import
    spelt: str
    is_own: bool


def refuse_missing_imports(
    manifest: Manifest, sources: Sequence[OwnFile], paths: Iterable[str], unchecked: Problem | None = None
) -> tuple[Problem, ...]:
    """Look for every module that the plugin's own code imports by name.

    Args:
        manifest: Its runtime provides modules, and ``[build.allow-missing-imports]`` names what may be missing.
        sources: The plugin's own files.
        paths: Every path of the artifact.
        unchecked: When the paths of the packages are not known: the warning that stands for all that depends on them.

    Returns:
        Warnings: imports that need not succeed, and allowances that allow nothing.

    Raises:
        ProjectError: A module is missing whose import would stop the function.
    """
    allowed = manifest.build.allow_missing_imports
    is_python = manifest.runtime.language == "python"
    every = [*(_python if is_python else _javascript)(manifest, sources, paths)]
    refused = [one for one in every if one.found.module not in allowed]
    problems = [_problem(one, is_python=is_python) for one in refused if one.is_own or unchecked is None]
    if any(problem.severity is Severity.ERROR for problem in problems):
        message = "The function would stop with an import error: the artifact lacks modules that its code imports."
        raise ProjectError(message, problems=problems)
    if unchecked is not None:
        return (*problems, *((unchecked,) if len(problems) < len(refused) else ()))
    missing = {one.found.module for one in every}
    return (*problems, *(_idle(manifest, name) for name in sorted(allowed.keys() - missing)))


def _python(manifest: Manifest, sources: Sequence[OwnFile], paths: Iterable[str]) -> Iterator[_Missing]:
    own = {source.path: source.content for source in sources if source.path.endswith(".py")}
    modules = PythonModules(own, paths, manifest.runtime.version)
    texts = {path: as_utf8(content) for path, content in own.items()}
    imports = {path: python_imports(text) for path, text in texts.items() if isinstance(text, bytes)}
    handler = Import(module=manifest.plugin.handler.rpartition(".")[0].replace("/", "."), line=0)
    loaded = loaded_files(modules.files_loaded_by(handler, ""), imports, modules.files_loaded_by)
    for source in sources:
        for found in _as_loaded(imports.get(source.path) or (), is_loaded=source.path in loaded):
            if modules.has(found.module, source.path):
                continue
            replaced = found.alternatives
            if not replaced or not all(modules.has(one, source.path) for one in replaced):
                spelt = modules.name_in_other_case(found.module)
                yield _Missing(source=source, found=found, spelt=spelt, is_own=modules.is_own(found.module))


def _javascript(manifest: Manifest, sources: Sequence[OwnFile], paths: Iterable[str]) -> Iterator[_Missing]:
    own = {source.path: source.content for source in sources}
    modules = JavaScriptModules(own, paths, manifest.runtime.version)
    imports = {source.path: javascript_imports(source.content) for source in sources if source.path.endswith(SCRIPTS)}
    folder, slash, name = manifest.plugin.handler.rpartition("/")
    starts = [folder + slash + name.partition(".")[0] + ending for ending in SCRIPTS]
    loaded = loaded_files(starts, imports, modules.files_loaded_by)
    for source in sources:
        for found in _as_loaded(imports.get(source.path, ()), is_loaded=source.path in loaded):
            if not modules.has(found.module, source.path, exact=found.exact):
                spelt = modules.name_in_other_case(found.module)
                is_own = found.module.startswith((".", "#"))
                yield _Missing(source=source, found=found, spelt=spelt, is_own=is_own)


def _as_loaded(imports: Iterable[Import], *, is_loaded: bool) -> Iterator[Import]:
    """The imports of a file: one that the handler never loads, such as a deploy script, does not stop the function."""
    return (one if is_loaded else replace(one, is_certain=False) for one in imports)


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
