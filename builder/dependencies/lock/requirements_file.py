"""Reads requirements files: logical lines, ``-r`` and ``-c`` only inside the repository, and pip's option lines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from builder.errors import DependencyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

# A requirements file of 1 MiB has some 20,000 lines; nobody writes a longer one.
MAX_FILE = 1 << 20
_INCLUDE_CODE = "included-file"
_COMMENT = r"(^|\s+)#.*$"
_INCLUDE = r"^(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(?P<name>\S.*)$"


class RequirementLine(Struct, frozen=True, kw_only=True):
    """One logical line and its place.

    Attributes:
        text: Without comments, continuations and repeated spaces.
        file: Relative to the plugin's folder.
        line: 1-based; 0 when unknown (pyproject.toml).
        key: Key path in a TOML file, or empty.
    """

    text: str
    file: str
    line: int = 0
    key: str = ""

    def problem(self, message: str, hint: str, *, code: str) -> Problem:
        """A problem at this line."""
        return Problem(message=message, hint=hint, file=self.file, line=self.line, key=self.key, code=code)


def repository_root(folder: Path, file: Path) -> Path:
    """The folder that must contain all included files: the git repository, or without one a folder with both paths."""
    resolved = folder.resolve()
    for parent in (resolved, *resolved.parents):
        if (parent / ".git").exists():
            return parent
    return next(parent for parent in (resolved, *resolved.parents) if file.is_relative_to(parent))


class RequirementsReader(Struct, frozen=True, kw_only=True):
    """Collects the lines of a requirements file and of the files it includes, each file once."""

    folder: Path
    root: Path
    requirements: list[RequirementLine] = field(default_factory=list)
    constraints: list[RequirementLine] = field(default_factory=list)
    options: list[RequirementLine] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    read_files: set[tuple[Path, bool]] = field(default_factory=set)

    def read(self, file: Path, origin: RequirementLine, *, constrain: bool) -> None:
        """Collect a file's lines; ``origin`` is the line that includes it, ``constrain`` if it only limits versions."""
        if (file, constrain) in self.read_files:
            return
        self.read_files.add((file, constrain))
        if not file.is_relative_to(self.root):
            self.problems.append(
                origin.problem(
                    f"`{origin.text}` is outside the repository ({self.root.name}/).",
                    "Move the file into the repository.",
                    code=_INCLUDE_CODE,
                )
            )
        elif not file.is_file():
            self.problems.append(
                origin.problem(
                    f"`{origin.text}` names a file that does not exist.",
                    "Fix the path; it is relative to this file's folder.",
                    code=_INCLUDE_CODE,
                )
            )
        else:
            path = _relative_path(file, self.folder)
            for number, text in logical_lines(read_text(file, path)):
                self._add(RequirementLine(text=text, file=path, line=number), file, constrain=constrain)

    def _add(self, line: RequirementLine, file: Path, *, constrain: bool) -> None:
        include = re.match(_INCLUDE, line.text)
        if include is not None:
            limits = constrain or line.text.startswith(("-c", "--constraint"))
            self.read((file.parent / include["name"].strip("\"'")).resolve(), line, constrain=limits)
        elif line.text.startswith("-"):
            self.options.append(line)
        else:
            (self.constraints if constrain else self.requirements).append(line)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(first physical line, text) of each line that is not empty, with continuations joined and comments removed."""
    joined, start = "", 0
    for number, physical in enumerate([*text.splitlines(), ""], start=1):
        start = start or number
        part = re.sub(_COMMENT, "", physical)
        if part.endswith("\\"):
            joined += part[:-1] + " "
            continue
        line = single_spaced(joined + part)
        if line:
            yield start, line
        joined, start = "", 0


def single_spaced(text: str) -> str:
    """Text with single spaces, so that indentation never makes a lock outdated."""
    return " ".join(text.split())


def _relative_path(file: Path, folder: Path) -> str:
    return Path(*_relative_parts(file, folder.resolve())).as_posix()


def _relative_parts(file: Path, folder: Path) -> tuple[str, ...]:
    up: list[str] = []
    for parent in (folder, *folder.parents):
        if file.is_relative_to(parent):
            return (*up, *file.relative_to(parent).parts)
        up.append("..")
    return file.parts


def read_text(file: Path, label: str) -> str:
    """A file's text.

    Raises:
        DependencyError: It is unreadable, too large, or not UTF-8; ``label`` names it.
    """
    try:
        if file.stat().st_size > MAX_FILE:
            message = f"{label} is larger than 1 MiB."
            raise DependencyError(message, hint="Is it really the file with the requirements?")
        return file.read_text("utf-8-sig")
    except OSError as error:
        message = f"{label} cannot be read: {error.strerror}."
        raise DependencyError(message, hint="Check its permissions.") from error
    except UnicodeDecodeError as error:
        message = f"{label} is not UTF-8 text."
        raise DependencyError(message, hint="Save it as UTF-8.") from error
