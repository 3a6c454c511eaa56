"""The declared requirements of a Python plugin: ``[project] dependencies``, or the file in ``[build] requirements``.

Reading and parsing are separate: a build only reads, and compares a digest with the lock's; writing the lock parses
every line with ``packaging``. Option lines never reach a resolver: the operator's index settings count, the project's
do not.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import TYPE_CHECKING

from msgspec import Struct, field

from builder.dependencies.lock.requirements_file import (
    RequirementLine,
    RequirementsReader,
    read_text,
    repository_root,
    single_spaced,
)
from builder.errors import DependencyError, Problem
from builder.manifest.text.toml_snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from builder.manifest.model import Manifest

_HASH = r"\s--hash[= ](?P<hash>\S+)"


class DeclaredRequirements(Struct, frozen=True, kw_only=True):
    """The lines as they are written, not parsed.

    Attributes:
        file: That contains them; empty when the plugin has none.
        requirements: Lines that require a package.
        constraints: Lines of ``-c`` files, which only limit versions.
        options: pip's option lines, which are ignored.
        reads_other_folders: Whether a file outside of the plugin's folder was read.
        files: Every requirements file that was read.
    """

    file: str = ""
    requirements: tuple[RequirementLine, ...] = ()
    constraints: tuple[RequirementLine, ...] = ()
    options: tuple[RequirementLine, ...] = ()
    reads_other_folders: bool = False
    files: tuple[Path, ...] = ()

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` over the requirements and constraints, in any order; the lock stores it."""
        lines = sorted({line.text for line in self.requirements})
        limits = sorted({f"-c {line.text}" for line in self.constraints})
        return "sha256:" + hashlib.sha256("\n".join([*lines, *limits]).encode("utf-8", "surrogatepass")).hexdigest()


class Requirements(Struct, frozen=True, kw_only=True):
    """The parsed lines.

    Attributes:
        direct: The plugin's direct requirements as normalised PEP 508 lines, sorted.
        constraints: The same for ``-c`` files.
        hashes: Name -> the ``sha256:<hex>`` values of its ``--hash`` options.
    """

    direct: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_declared(manifest: Manifest) -> DeclaredRequirements:
    """Read the plugin's requirements without parsing them.

    Raises:
        DependencyError: A file is missing, unreadable or outside the repository, or no setting says which file counts.
    """
    name = manifest.build.requirements
    if name is not None:
        return _read_requirements_file(manifest, name)
    project = read_pyproject(manifest.folder).get("project")
    if isinstance(project, dict) and "dependencies" in project:
        return DeclaredRequirements(file="pyproject.toml", requirements=_pyproject_lines(project["dependencies"]))
    dynamic = project.get("dynamic", []) if isinstance(project, dict) else []
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        message = "pyproject.toml has dynamic dependencies (project.dynamic), but the kit runs no project code."
        raise DependencyError(
            message,
            hint="List them under [project] dependencies, or name a file in plugin.toml.",
            setting=snippet("build", "requirements", "requirements.txt"),
        )
    if (manifest.folder / "requirements.txt").is_file():
        message = "There is a requirements.txt beside plugin.toml, but no setting says that the plugin depends on it."
        raise DependencyError(
            message,
            hint="Add this to plugin.toml, or list them in pyproject.toml under [project] dependencies.",
            setting=snippet("build", "requirements", "requirements.txt"),
        )
    return DeclaredRequirements()


def read_pyproject(folder: Path) -> dict[str, object]:
    """``pyproject.toml`` of the plugin's folder; empty when there is none.

    Raises:
        DependencyError: It is unreadable or not valid.
    """
    file = folder / "pyproject.toml"
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(read_text(file, "pyproject.toml"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message = f"pyproject.toml is not valid TOML: {error}."
        raise DependencyError(message, hint="Fix it and try again.") from error


def parse_requirements(declared: DeclaredRequirements) -> Requirements:
    """Parse every line.

    Raises:
        DependencyError: Lists every line that is not a requirement, or has an address instead of a version.
    """
    problems: list[Problem] = []
    hashes: dict[str, frozenset[str]] = {}
    direct = sorted({text for line in declared.requirements for text in _parse(line, hashes, problems)})
    limits = sorted({text for line in declared.constraints for text in _parse(line, hashes, problems)})
    if problems:
        message = f"{declared.file} has {len(problems)} line(s) that cannot be locked."
        raise DependencyError(message, hint="Fix them and run `biot-plugin lock` again.", problems=problems)
    return Requirements(direct=tuple(direct), constraints=tuple(limits), hashes=hashes)


def parse_group(requirements: list[str], file: str, key: str) -> tuple[str, ...]:
    """Parse the requirements of a dependency group; raises like ``parse_requirements``."""
    lines = tuple(RequirementLine(text=single_spaced(text), file=file, key=key) for text in requirements)
    return parse_requirements(DeclaredRequirements(file=file, requirements=lines)).direct


def _parse(line: RequirementLine, hashes: dict[str, frozenset[str]], problems: list[Problem]) -> Iterator[str]:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    from builder.dependencies.tool_failures import safe_text

    try:
        requirement = Requirement(re.sub(_HASH, "", line.text))
    except InvalidRequirement as error:
        reason = str(error).split("\n", 1)[0]
        problems.append(
            line.problem(
                f"`{safe_text(line.text)}` is not a requirement: {reason}.",
                "Write NAME, NAME==VERSION or NAME>=VERSION, with an optional [extra] and `; marker`.",
                code="invalid-requirement",
            )
        )
        return
    if requirement.url is not None:
        problems.append(
            line.problem(
                f"`{requirement.name}` is required by an address instead of by a version.",
                "Add a wheel of it to your company's index and require NAME==VERSION; "
                "put code of this repository under the build root.",
                code="package-address",
            )
        )
        return
    allowed = frozenset(match["hash"] for match in re.finditer(_HASH, line.text))
    if allowed:
        name = canonicalize_name(requirement.name)
        hashes[name] = hashes.get(name, frozenset()) | allowed
    yield str(requirement)


def _pyproject_lines(dependencies: object) -> tuple[RequirementLine, ...]:
    if not isinstance(dependencies, list) or not all(isinstance(item, str) for item in dependencies):
        message = "pyproject.toml: project.dependencies must be a list of strings."
        raise DependencyError(message, hint='For example: dependencies = ["requests>=2.32"].')
    return tuple(
        RequirementLine(text=single_spaced(item), file="pyproject.toml", key=f"project.dependencies[{position}]")
        for position, item in enumerate(dependencies)
    )


def _read_requirements_file(manifest: Manifest, name: str) -> DeclaredRequirements:
    file = (manifest.folder / name).resolve()
    reader = RequirementsReader(folder=manifest.folder, root=repository_root(manifest.folder, file))
    origin = RequirementLine(text=name, file=manifest.file.name, key="build.requirements")
    reader.read(file, origin, constrain=False)
    if reader.problems:
        message = f"{name} is not a valid requirements file."
        raise DependencyError(message, hint="Fix it and try again.", problems=reader.problems)
    return DeclaredRequirements(
        file=name,
        requirements=tuple(reader.requirements),
        constraints=tuple(reader.constraints),
        options=tuple(reader.options),
        reads_other_folders=any(read.parent != manifest.folder.resolve() for read, _ in reader.read_files),
        files=tuple(sorted({read for read, _ in reader.read_files})),
    )
