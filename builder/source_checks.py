"""The checks of plugin.toml and of the plugin's own files; one error reports the problems of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder import dependencies
from builder import manifest as manifests
from builder.errors import (
    DependencyError,
    ManifestError,
    PackagingError,
    Problem,
    ProjectError,
    Severity,
    count_problems,
)
from builder.handler import SourceLayout, check_handler, check_hooks
from builder.stages import CheckedPlugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from builder.build_values import Lock
    from builder.bundle import SourceFile
    from builder.dependencies import Store
    from builder.manifest import LoadedManifest
    from builder.manifest.model import Manifest
    from builder.stages import Project


def check_manifest(project: Project, loaded: LoadedManifest | None) -> CheckedPlugin:
    """Check plugin.toml, its environment variables and the handler."""
    loaded = loaded or _load_manifest(project)
    manifest = loaded.manifest
    plugin = manifest.plugin
    warnings = loaded.warnings
    if plugin.environment_variables or manifest.environments:
        from builder.secrets import check_variables

        warnings = (*warnings, *check_variables(manifest))
        if any(problem.severity is Severity.ERROR for problem in warnings):
            message = "The environment variables contain secrets."
            raise ProjectError(message, problems=warnings)
    if not manifest.is_built or not manifest.chooses_packages:  # its CMD names the handler, or it is in the ZIP
        return CheckedPlugin(manifest=manifest, warnings=warnings)
    runtime = manifest.runtime
    places = SourceLayout(folder=manifest.folder, root=manifest.build.root, shared=manifest.build.shared)
    problem = check_handler(places, plugin.handler, runtime.language, version=runtime.version)
    if problem and problem.severity is Severity.ERROR:
        message = "Lambda would not find the handler."
        raise ProjectError(message, problems=(*warnings, problem))
    return CheckedPlugin(manifest=manifest, warnings=(*warnings, *((problem,) if problem else ())))


def _load_manifest(project: Project) -> LoadedManifest:
    """Load plugin.toml. If it has problems, the handler is checked too, so that the error carries all problems."""
    file = manifests.find_manifest(project.start)
    try:
        return manifests.load(file, environment=project.environment, today=project.today)
    except ManifestError as error:
        partial = manifests.read_handler_settings(file, today=project.today)
        problem = partial and check_handler(
            SourceLayout(folder=file.parent, root=partial.root, shared=partial.shared),
            partial.handler,
            partial.runtime.language,
            version=partial.runtime.version,
        )
        if problem:
            problems = (*error.problems, problem)
            message = f"The plugin has {count_problems(problems)}."
            raise ManifestError(message, hint=error.hint, problems=problems) from error
        raise


def refuse_pushed_image(manifest: Manifest) -> None:
    """Stop when there is nothing to build.

    Raises:
        PackagingError: Other tools push the image of the plugin, or build its ZIP.
    """
    if not manifest.is_built:
        message = f"{manifest.plugin.name} is an IMAGE plugin whose image other tools push: there is nothing to build."
        hint = "To let the kit build the image, write runtime and handler, and delete imageTag."
        raise PackagingError(message, hint=hint)
    if manifest.prebuilt:
        message = f"Another tool builds {manifest.prebuilt}: there is nothing to build or to lock."
        raise PackagingError(message, hint="To let the kit build the plugin, delete prebuilt under [build].")


def refuse_missing_hooks(manifest: Manifest, sources: Sequence[SourceFile]) -> tuple[Problem, ...]:
    """Stop when the code has no hook for a subscription; otherwise return the warnings.

    Raises:
        ProjectError: With every such subscription.
    """
    problems = manifests.locate_findings(check_hooks(manifest, sources), manifest.file)
    if any(problem.severity is Severity.ERROR for problem in problems):
        message = "The plugin has no hook for some of the calls that plugin.toml subscribes to."
        raise ProjectError(message, problems=problems)
    return tuple(problems)


def run_checks(checked: CheckedPlugin, checks: Iterable[Callable[[], Sequence[Problem] | None]]) -> CheckedPlugin:
    """The plugin with the warnings of every check added.

    Raises:
        ProjectError: A check refused the plugin; with the problems and warnings of all checks.
    """
    problems, refusals = [*checked.warnings], []
    for check in checks:
        try:
            problems.extend(check() or ())
        except ProjectError as error:
            refusals.append(error)
            problems.extend(error.problems)
    if len(refusals) == 1:
        raise ProjectError(refusals[0].message, hint=refusals[0].hint, problems=problems) from refusals[0]
    if refusals:
        message = f"The plugin has {count_problems(problems)}."
        raise ProjectError(message, problems=problems)
    return replace(checked, warnings=tuple(problems))


def check_imports(manifest: Manifest, sources: Sequence[SourceFile], store: Store) -> tuple[Problem, ...]:
    """Find the imports of the plugin's own code in its files, the runtime and the locked packages on this machine.

    Nothing is downloaded. If packages are missing, a warning says that imports of packages were not
    checked; ``package`` checks them.

    Raises:
        ProjectError: A missing import would stop the function.
    """
    from builder.code import refuse_missing_imports

    paths: list[str] | None = []
    unchecked = None
    try:
        paths = _package_paths(dependencies.read_lock(manifest), manifest, store)
    except DependencyError as error:
        unchecked = _unchecked(error.message, "Run `biot-plugin lock`, then `biot-plugin package`.")
    if paths is None:
        unchecked = _unchecked("some locked packages are not on this machine yet.", "Run `biot-plugin package` once.")
    return refuse_missing_imports(manifest, sources, [*(one.path for one in sources), *(paths or ())], unchecked)


def _package_paths(lock: Lock, manifest: Manifest, store: Store) -> list[str] | None:
    """The paths of the locked packages in the artifact; None when the store lacks a package."""
    if manifest.runtime.language == "nodejs":
        # An import needs only the package's name, which npm's lock has.
        return [f"{place}/package.json" for package in lock.packages for place in package.places]
    packs = dependencies.stored_wheels(lock, store)
    if packs is None:
        return None
    from builder.bundle.assemble import package_entries

    return [entry.path for pack in packs for entry in package_entries(pack, python=True)]


def _unchecked(reason: str, hint: str) -> Problem:
    message = f"Imports of packages were not checked: {reason}"
    return Problem(message=message, hint=hint, code="imports-not-checked", severity=Severity.WARNING)
