"""What a Python plugin says it needs: ``[project] dependencies``, or the file that ``[build] requirements`` names.

Reading (files) and parsing (meaning) are apart: a build only reads, and compares a digest with the lock's; making the lock
parses every line with ``packaging``. Option lines never reach a resolver: the operator's index settings count, the
project's do not.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import DependencyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.manifest.model import Manifest

# A requirements file of 1 MiB has some 20,000 lines; more is not one that a person wrote.
LARGEST_FILE = 1 << 20
_COMMENT = re.compile(r"(^|\s+)#.*$")
_INCLUDE = re.compile(r"^(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(?P<name>\S.*)$")
_HASH = re.compile(r"\s--hash[= ](?P<hash>\S+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One logical line and where it stands.

    Attributes:
        text: Without comment, continuation and doubled blanks.
        file: As the user knows it, relative to the plugin's folder.
        line: 1-based, 0 when unknown (pyproject.toml).
        key: Key path in a TOML file, or empty.
    """

    text: str
    file: str
    line: int = 0
    key: str = ""

    def problem(self, message: str, hint: str) -> Problem:
        """A problem at this line."""
        return Problem(message=message, hint=hint, file=self.file, line=self.line, key=self.key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """The lines as they stand, before any of them is understood.

    Attributes:
        file: The file that holds them, or empty when the plugin has none.
        requirements: Lines that ask for a package.
        constraints: The same, from ``-c`` files: they only limit versions.
        options: pip's option lines, which are ignored.
    """

    file: str = ""
    requirements: tuple[Line, ...] = ()
    constraints: tuple[Line, ...] = ()
    options: tuple[Line, ...] = ()

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


def read_declared(manifest: Manifest) -> Declared:
    """Read what the plugin needs, without understanding it yet.

    Raises:
        DependencyError: A file is missing, unreadable, outside the repository, or nothing says which file counts.
    """
    named = manifest.build.requirements
    if named is not None:
        return _read_named(manifest, named)
    project = read_pyproject(manifest.folder).get("project")
    if isinstance(project, dict) and "dependencies" in project:
        return Declared(file="pyproject.toml", requirements=_pyproject_lines(project["dependencies"]))
    dynamic = project.get("dynamic", []) if isinstance(project, dict) else []
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        msg = (
            "pyproject.toml computes its dependencies (project.dynamic), and the kit runs no project code to find them."
        )
        raise DependencyError(
            msg,
            hint='List them under [project] dependencies, or name a file in plugin.toml: [build] requirements = "FILE".',
        )
    if (manifest.folder / "requirements.txt").is_file():
        msg = "requirements.txt lies beside plugin.toml, but nothing says that it holds the plugin's dependencies."
        raise DependencyError(
            msg,
            hint='Add to plugin.toml: [build] requirements = "requirements.txt" '
            "(or list them in pyproject.toml under [project] dependencies).",
        )
    return Declared()


def read_pyproject(folder: Path) -> dict[str, object]:
    """``pyproject.toml`` of the plugin's folder; empty when there is none.

    Raises:
        DependencyError: It cannot be read.
    """
    file = folder / "pyproject.toml"
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(_text(file, "pyproject.toml"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        msg = f"pyproject.toml is not valid TOML: {error}."
        raise DependencyError(msg, hint="Correct it and try again.") from error


def parse_requirements(declared: Declared) -> Requirements:
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
    lines = tuple(Line(text=_plain(text), file=file, key=key) for text in requirements)
    return parse_requirements(Declared(file=file, requirements=lines)).wanted


def _parse(line: Line, hashes: dict[str, frozenset[str]], problems: list[Problem]) -> Iterator[str]:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        requirement = Requirement(_HASH.sub("", line.text))
    except InvalidRequirement as error:
        reason = str(error).split("\n", 1)[0]
        problems.append(
            line.problem(
                f"`{line.text}` is not a requirement: {reason}.",
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


def _pyproject_lines(dependencies: object) -> tuple[Line, ...]:
    if not isinstance(dependencies, list) or not all(isinstance(item, str) for item in dependencies):
        msg = "pyproject.toml: project.dependencies must be a list of texts."
        raise DependencyError(
            msg,
            hint='For example: dependencies = ["requests>=2.32"].',
        )
    return tuple(
        Line(text=_plain(item), file="pyproject.toml", key=f"project.dependencies[{position}]")
        for position, item in enumerate(dependencies)
    )


def _read_named(manifest: Manifest, named: str) -> Declared:
    file = (manifest.folder / named).resolve()
    reader = _Reader(folder=manifest.folder, root=repository_root(manifest.folder, file))
    origin = Line(text=named, file=manifest.file.name, key="build.requirements")
    reader.read(file, origin, constrain=False)
    if reader.problems:
        msg = f"{named} cannot be read as the plugin's requirements."
        raise DependencyError(
            msg,
            hint="Correct it and try again.",
            problems=reader.problems,
        )
    return Declared(
        file=named,
        requirements=tuple(reader.requirements),
        constraints=tuple(reader.constraints),
        options=tuple(reader.options),
    )


def repository_root(folder: Path, file: Path) -> Path:
    """The folder that included files may not leave: the git repository, or without one what holds both paths."""
    resolved = folder.resolve()
    for parent in (resolved, *resolved.parents):
        if (parent / ".git").exists():
            return parent
    return next(parent for parent in (resolved, *resolved.parents) if file.is_relative_to(parent))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    """Collects the lines of a requirements file and of what it includes, each file once."""

    folder: Path
    root: Path
    requirements: list[Line] = field(default_factory=list)
    constraints: list[Line] = field(default_factory=list)
    options: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: set[tuple[Path, bool]] = field(default_factory=set)

    def read(self, file: Path, origin: Line, *, constrain: bool) -> None:
        if (file, constrain) in self.seen:
            return
        self.seen.add((file, constrain))
        if not file.is_relative_to(self.root):
            self.problems.append(
                origin.problem(
                    f"`{origin.text}` lies outside the repository ({self.root.name}/).",
                    "Move the file into the repository.",
                )
            )
        elif not file.is_file():
            self.problems.append(
                origin.problem(
                    f"`{origin.text}` names a file that is not there.",
                    "Correct the path; it starts at this file's folder.",
                )
            )
        else:
            shown = _shown(file, self.folder)
            for number, text in logical_lines(_text(file, shown)):
                self._take(Line(text=text, file=shown, line=number), file, constrain=constrain)

    def _take(self, line: Line, file: Path, *, constrain: bool) -> None:
        include = _INCLUDE.match(line.text)
        if include is not None:
            limits = constrain or line.text.startswith(("-c", "--constraint"))
            self.read((file.parent / include["name"].strip("\"'")).resolve(), line, constrain=limits)
        elif line.text.startswith("-"):
            self.options.append(line)
        else:
            (self.constraints if constrain else self.requirements).append(line)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number of the first physical line, text) with continuations joined and comments gone; empty lines are left out."""
    gathered, start = "", 0
    for number, physical in enumerate([*text.splitlines(), ""], start=1):
        start = start or number
        part = _COMMENT.sub("", physical)
        if part.endswith("\\"):
            gathered += part[:-1] + " "
            continue
        joined = _plain(gathered + part)
        if joined:
            yield start, joined
        gathered, start = "", 0


def _plain(text: str) -> str:
    return " ".join(text.split())


def _shown(file: Path, folder: Path) -> str:
    return Path(*_relative_parts(file, folder.resolve())).as_posix()


def _relative_parts(file: Path, folder: Path) -> tuple[str, ...]:
    up: list[str] = []
    for parent in (folder, *folder.parents):
        if file.is_relative_to(parent):
            return (*up, *file.relative_to(parent).parts)
        up.append("..")
    return file.parts


def _text(file: Path, shown: str) -> str:
    if file.stat().st_size > LARGEST_FILE:
        msg = f"{shown} is larger than 1 MiB."
        raise DependencyError(msg, hint="Name the file with the requirements.")
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{shown} is not UTF-8 text."
        raise DependencyError(msg, hint="Save it as UTF-8.") from error
