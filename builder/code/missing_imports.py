"""Finds imports of the plugin's own code that would fail on Lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from builder.archive.file_results import FileResults
from builder.code.imports import Import, imports_of, loaded_files
from builder.code.syntax_check import SCRIPTS
from builder.errors import Problem, ProjectError, Severity
from builder.manifest.finding import format_key
from builder.platform.distributions import PACKAGE_OF_MODULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from builder.build_values import OwnFile
    from builder.manifest.model import Manifest

_CODE = "missing-import"


class _MissingImport(Struct, frozen=True, kw_only=True):
    """One import of a module that does not exist.

    Attributes:
        source: The file that imports it.
        imported: The import.
        other_spelling: The module's name in other upper and lower case, where that exists; else
            empty.
        is_own: Whether the module could only be one of the plugin's own.
    """

    source: OwnFile
    imported: Import
    other_spelling: str
    is_own: bool


def refuse_missing_imports(
    manifest: Manifest,
    sources: Sequence[OwnFile],
    paths: Iterable[str],
    unchecked: Problem | None = None,
    results: FileResults | None = None,
) -> tuple[Problem, ...]:
    """Look for every module that the plugin's own code imports by name.

    Args:
        manifest: Its runtime provides modules, and ``[build.allow-missing-imports]`` lists modules
            that may be missing.
        sources: The plugin's own files.
        paths: Every path of the artifact.
        unchecked: When the paths of the packages are unknown: the warning to return instead of
            problems with packages.
        results: Files whose imports are known from an earlier build are not read again.

    Returns:
        Warnings: imports that may fail without stopping the function, and allowances that are not
        needed.

    Raises:
        ProjectError: A module is missing whose import would stop the function.
    """
    allowed = manifest.build.allow_missing_imports
    is_python = manifest.runtime.language == "python"
    missing_in = _missing_in_python if is_python else _missing_in_javascript
    missing = [*missing_in(manifest, sources, paths, results or FileResults())]
    not_allowed = [each for each in missing if each.imported.module not in allowed]
    problems = [_problem(each, is_python=is_python) for each in not_allowed if each.is_own or unchecked is None]
    if any(problem.severity is Severity.ERROR for problem in problems):
        message = "The function would stop with an import error: the artifact lacks modules that its code imports."
        raise ProjectError(message, problems=problems)
    if unchecked is not None:
        return (*problems, *((unchecked,) if len(problems) < len(not_allowed) else ()))
    unused = allowed.keys() - {each.imported.module for each in missing}
    return (*problems, *(_unused_allowance(manifest, module) for module in sorted(unused)))


def _missing_in_python(
    manifest: Manifest, sources: Sequence[OwnFile], paths: Iterable[str], results: FileResults
) -> Iterator[_MissingImport]:
    from builder.code.python_imports import python_imports
    from builder.code.python_resolution import PythonModules

    scripts = [source for source in sources if source.path.endswith(".py")]
    modules = PythonModules({source.path: source.content for source in scripts}, paths, manifest.runtime.version)
    imports = {source.path: imports_of(source, python_imports, results) for source in scripts}
    handler = Import(module=manifest.plugin.handler.rpartition(".")[0].replace("/", "."), line=0)
    loaded = loaded_files(modules.files_loaded_by(handler, ""), imports, modules.files_loaded_by)
    for source in sources:
        for imported in _as_loaded(imports.get(source.path) or (), is_loaded=source.path in loaded):
            if modules.has(imported.module, source.path):
                continue
            alternatives = imported.fallback_for
            if not alternatives or not all(modules.has(module, source.path) for module in alternatives):
                yield _MissingImport(
                    source=source,
                    imported=imported,
                    other_spelling=modules.name_in_other_case(imported.module),
                    is_own=modules.is_own(imported.module),
                )


def _missing_in_javascript(
    manifest: Manifest, sources: Sequence[OwnFile], paths: Iterable[str], results: FileResults
) -> Iterator[_MissingImport]:
    from builder.code.javascript_imports import javascript_imports
    from builder.code.javascript_resolution import JavaScriptModules

    own = {source.path: source.content for source in sources}
    modules = JavaScriptModules(own, paths, manifest.runtime.version)
    scripts = [source for source in sources if source.path.endswith(SCRIPTS)]
    imports = {source.path: imports_of(source, javascript_imports, results) for source in scripts}
    folder, slash, name = manifest.plugin.handler.rpartition("/")
    starts = [folder + slash + name.partition(".")[0] + extension for extension in SCRIPTS]
    loaded = loaded_files(starts, imports, modules.files_loaded_by)
    for source in sources:
        for imported in _as_loaded(imports.get(source.path) or (), is_loaded=source.path in loaded):
            if not modules.has(imported.module, source.path, exact=imported.exact):
                yield _MissingImport(
                    source=source,
                    imported=imported,
                    other_spelling=modules.name_in_other_case(imported.module),
                    is_own=imported.module.startswith((".", "#")),
                )


def _as_loaded(imports: Iterable[Import], *, is_loaded: bool) -> Iterator[Import]:
    """The imports of a file. In a file that the handler never loads, such as a deploy script, no import is certain."""
    return (each if is_loaded else replace(each, is_certain=False) for each in imports)


def _problem(missing: _MissingImport, *, is_python: bool) -> Problem:
    module = missing.imported.module
    top = module.split(".")[0] if is_python else module
    noun = "module" if is_python or not module.startswith((".", "#")) else "file"
    hint = f"Add {PACKAGE_OF_MODULE.get(top, top)} to the dependencies and run `biot-plugin lock`."
    if missing.other_spelling:
        hint = f"Write {missing.other_spelling}: Lambda distinguishes upper and lower case."
    elif module.startswith((".", "#")):
        hint = "Create the file, or correct the import; Lambda distinguishes upper and lower case."
    return Problem(
        file=missing.source.origin,
        line=missing.imported.line,
        code=_CODE,
        message=f"The {noun} {module} is not in the artifact, and the runtime does not provide it.",
        hint=f"{hint} If the function works without it, allow that in plugin.toml.",
        setting=f'[build.allow-missing-imports]\n{format_key((module,))} = "why"\n',
        severity=Severity.ERROR if missing.imported.is_certain else Severity.WARNING,
    )


def _unused_allowance(manifest: Manifest, module: str) -> Problem:
    return Problem(
        file=manifest.file.name,
        key=format_key(("build", "allow-missing-imports", module)),
        code=_CODE,
        message=f"No import of {module} fails, so allow-missing-imports does not need to list it.",
        hint="Delete the line, so that it cannot hide a later problem.",
        severity=Severity.WARNING,
    )
