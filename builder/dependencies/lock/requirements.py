"""What a Python plugin says it needs: ``[project] dependencies``, or the file that ``[build] requirements`` names.

Reading (files) and parsing (meaning) are apart: a build only reads, and compares a digest with the lock's; making the
lock parses every line with ``packaging``. Option lines never reach a resolver: the operator's index settings count,
the project's do not.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.dependencies.lock.requirements_file import (
    RequirementLine,
    RequirementsReader,
    plain,
    read_text,
    repository_root,
)
from builder.errors import DependencyError, Problem
from builder.manifest.text.toml_snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from builder.manifest.model import Manifest

_HASH = re.compile(r"\s--hash[= ](?P<hash>\S+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredRequirements:
    """The lines as they stand, before any of them is understood.

    Attributes:
        file: The file that holds them, or empty when the plugin has none.
        requirements: Lines that ask for a package.
        constraints: The same, from ``-c`` files: they only limit versions.
        options: pip's option lines, which are ignored.
    """

    file: str = ""
    requirements: tuple[RequirementLine, ...] = ()
    constraints: tuple[RequirementLine, ...] = ()
    options: tuple[RequirementLine, ...] = ()

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` over the lines that matter, in any order: what a lock was made from."""
        wanted = sorted({line.text for line in self.requirements})
        limits = sorted({f"-c {line.text}" for line in self.constraints})
        return "sha256:" + hashlib.sha256("\n".join([*wanted, *limits]).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirements:
    """The lines, understood.

    Attributes:
        wanted: PEP 508 requirements in their standard form, sorted.
        constraints: The same for ``-c`` files.
        hashes: Name -> ``sha256:<hex>`` that its author allows, for lines that had ``--hash``.
    """

    wanted: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_declared(manifest: Manifest) -> DeclaredRequirements:
    """Read what the plugin needs, without understanding it yet.

    Raises:
        DependencyError: A file is missing, unreadable, outside the repository, or nothing says which file counts.
    """
    named = manifest.build.requirements
    if named is not None:
        return _read_named(manifest, named)
    project = read_pyproject(manifest.folder).get("project")
    if isinstance(project, dict) and "dependencies" in project:
        return DeclaredRequirements(file="pyproject.toml", requirements=_pyproject_lines(project["dependencies"]))
    dynamic = project.get("dynamic", []) if isinstance(project, dict) else []
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        msg = "pyproject.toml computes its dependencies (project.dynamic), and no project code is run."
        raise DependencyError(
            msg,
            hint="List them under [project] dependencies, or name a file in plugin.toml.",
            setting=snippet("build", "requirements", "requirements.txt"),
        )
    if (manifest.folder / "requirements.txt").is_file():
        msg = "requirements.txt lies beside plugin.toml, but nothing says that it holds the plugin's dependencies."
        raise DependencyError(
            msg,
            hint="Add this to plugin.toml, or list them in pyproject.toml under [project] dependencies.",
            setting=snippet("build", "requirements", "requirements.txt"),
        )
    return DeclaredRequirements()


def read_pyproject(folder: Path) -> dict[str, object]:
    """``pyproject.toml`` of the plugin's folder; empty when there is none.

    Raises:
        DependencyError: It cannot be read.
    """
    file = folder / "pyproject.toml"
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(read_text(file, "pyproject.toml"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        msg = f"pyproject.toml is not valid TOML: {error}."
        raise DependencyError(msg, hint="Correct it and try again.") from error


def parse_requirements(declared: DeclaredRequirements) -> Requirements:
    """Understand every line.

    Raises:
        DependencyError: With every line that is no requirement, or names an address instead of a version.
    """
    problems: list[Problem] = []
    hashes: dict[str, frozenset[str]] = {}
    wanted = sorted({text for line in declared.requirements for text in _parse(line, hashes, problems)})
    limits = sorted({text for line in declared.constraints for text in _parse(line, hashes, problems)})
    if problems:
        msg = f"{declared.file} has {len(problems)} line(s) that cannot be locked."
        raise DependencyError(
            msg,
            hint="Correct them and run `biot-plugin lock` again.",
            problems=problems,
        )
    return Requirements(wanted=tuple(wanted), constraints=tuple(limits), hashes=hashes)


def parse_group(requirements: list[str], file: str, key: str) -> tuple[str, ...]:
    """Understand the requirements of a dependency group; raises as ``parse_requirements`` does."""
    lines = tuple(RequirementLine(text=plain(text), file=file, key=key) for text in requirements)
    return parse_requirements(DeclaredRequirements(file=file, requirements=lines)).wanted


def _parse(line: RequirementLine, hashes: dict[str, frozenset[str]], problems: list[Problem]) -> Iterator[str]:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    from builder.dependencies.tool_failures import safe_text

    try:
        requirement = Requirement(_HASH.sub("", line.text))
    except InvalidRequirement as error:
        reason = str(error).split("\n", 1)[0]
        problems.append(
            line.problem(
                f"`{safe_text(line.text)}` is not a requirement: {reason}.",
                "Write NAME, NAME==VERSION or NAME>=VERSION, with an optional [extra] and `; marker`.",
            )
        )
        return
    if requirement.url is not None:
        problems.append(
            line.problem(
                f"`{requirement.name}` is asked for by an address, which names one machine and no version.",
                "Put a wheel of it into your company's index and ask for NAME==VERSION; "
                "code of this repository belongs under the build root instead.",
            )
        )
        return
    allowed = frozenset(found["hash"] for found in _HASH.finditer(line.text))
    if allowed:
        name = canonicalize_name(requirement.name)
        hashes[name] = hashes.get(name, frozenset()) | allowed
    yield str(requirement)


def _pyproject_lines(dependencies: object) -> tuple[RequirementLine, ...]:
    if not isinstance(dependencies, list) or not all(isinstance(item, str) for item in dependencies):
        msg = "pyproject.toml: project.dependencies must be a list of texts."
        raise DependencyError(
            msg,
            hint='For example: dependencies = ["requests>=2.32"].',
        )
    return tuple(
        RequirementLine(text=plain(item), file="pyproject.toml", key=f"project.dependencies[{position}]")
        for position, item in enumerate(dependencies)
    )


def _read_named(manifest: Manifest, named: str) -> DeclaredRequirements:
    file = (manifest.folder / named).resolve()
    reader = RequirementsReader(folder=manifest.folder, root=repository_root(manifest.folder, file))
    origin = RequirementLine(text=named, file=manifest.file.name, key="build.requirements")
    reader.read(file, origin, constrain=False)
    if reader.problems:
        msg = f"{named} cannot be read as the plugin's requirements."
        raise DependencyError(
            msg,
            hint="Correct it and try again.",
            problems=reader.problems,
        )
    return DeclaredRequirements(
        file=named,
        requirements=tuple(reader.requirements),
        constraints=tuple(reader.constraints),
        options=tuple(reader.options),
    )
