"""Checks that ``requirements.lock`` is complete, from the requirements and the metadata of the locked wheels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.dependencies.lock.requirements import parse_requirements, read_declared
from builder.dependencies.lock.requirements_lock import LOCK_NAME
from builder.errors import DependencyError, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from builder.archive.cached_results import ResultCache
    from builder.build_values import Pack
    from builder.dependencies.lock.requirements import DeclaredRequirements
    from builder.manifest.model import Manifest
    from builder.platform.runtimes import Runtime


def check_completeness(manifest: Manifest, packs: Sequence[Pack], cache: ResultCache) -> tuple[Problem, ...]:
    """Check that the lock is complete; the result is cached for the same lock and packages.

    Returns:
        Warnings.

    Raises:
        DependencyError: Lists every package that is missing or has a version that does not fit.
    """

    def compute() -> list[list[str]]:
        found = _problems(read_declared(manifest), packs, manifest.runtime)
        return [[one.message, one.hint, one.file, one.code, one.severity.value] for one in found]

    problems = [
        Problem(message=message, hint=hint, file=file, code=code, severity=Severity(severity))
        for message, hint, file, code, severity in cache.get_or_compute("completeness", compute)
    ]
    if any(problem.severity is Severity.ERROR for problem in problems):
        message = f"{LOCK_NAME} is not complete for {manifest.runtime.name}."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.", problems=problems)
    return tuple(problems)


def refuse_unsatisfied(declared: DeclaredRequirements, packs: Sequence[Pack], runtime: Runtime) -> None:
    """Refuse to write a lock whose packages require more than it has.

    That happens when a requirement names an extra that does not exist, and when a wheel requires other packages than
    the index lists for its release.

    Raises:
        DependencyError: Lists everything that is missing.
    """
    found = _problems(declared, packs, runtime)
    problems = [problem for problem in found if problem.severity is Severity.ERROR]
    if problems:
        message = f"The requirements in {declared.file} cannot be locked completely for {runtime.name}."
        hint = f"Fix {declared.file}, or add what is missing to it, then run `biot-plugin lock` again."
        raise DependencyError(message, hint=hint, problems=problems)


def _problems(declared: DeclaredRequirements, packs: Iterable[Pack], runtime: Runtime) -> tuple[Problem, ...]:
    from builder.archive.core_metadata import read_core_metadata
    from builder.dependencies.lock.completeness import PinnedWheel, completeness_problems

    wheels = [
        PinnedWheel(name=pack.package.name, version=pack.package.version, metadata=read_core_metadata(pack))
        for pack in packs
    ]
    return completeness_problems(parse_requirements(declared), wheels, runtime, declared.file or "plugin.toml")
