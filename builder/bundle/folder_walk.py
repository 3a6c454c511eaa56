"""Finds the plugin's own files: one pass over the build root that never opens an excluded folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from builder.bundle.inclusion_rules import IgnoreFile, InclusionRules, is_ignored
from builder.errors import Problem, ProjectError
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.bundle.ignore_patterns import PatternMatches

GITIGNORE_NAME = ".gitignore"
_LINK_CODE = "unusable-link"


class SelectedFile(Struct, frozen=True, kw_only=True):
    """A file that goes into the artifact.

    Attributes:
        path: In the artifact.
        file: Where it lies on this machine.
        size: Its bytes.
    """

    path: str
    file: str
    size: int


class FolderWalk(Struct, kw_only=True):
    """One pass over a folder; ``files``, ``problems`` and ``folders`` grow while it runs.

    Attributes:
        top: The repository's top, resolved.
        rules: Which files go in.
        files: The files that go in.
        problems: Files that cannot be packaged.
        folders: Every folder that was listed.
    """

    top: Path
    rules: InclusionRules
    files: list[SelectedFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)

    def run(self, root: Path, ignore_files: tuple[IgnoreFile, ...]) -> None:
        """Walk through a folder, given every .gitignore above it."""
        self._folder(str(root), "", ignore_files, (os.path.realpath(root),), excluded=False)

    def _folder(
        self,
        folder: str,
        prefix: str,
        ignore_files: tuple[IgnoreFile, ...],
        parents: tuple[str, ...],
        *,
        excluded: bool,
    ) -> None:
        self.folders.append(folder)
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            message, hint = f"cannot be read: {error.strerror}", "Give yourself read permission."
            self._add_problem(prefix or folder, message, hint, code="unreadable-file")
            return
        names = {entry.name for entry in entries}
        if prefix and "pyvenv.cfg" in names:
            return  # a virtual environment, whatever its name
        if GITIGNORE_NAME in names and not excluded:
            ignore_files = (
                *ignore_files,
                *read_ignore_file(Path(folder), self.rules.prefix + prefix, self.rules.matches),
            )
        for entry in entries:
            path = prefix + entry.name
            if _is_folder(entry):
                self._subfolder(entry, path, ignore_files, parents, excluded=excluded)
            elif self.rules.includes_file(path, ignore_files, in_excluded_folder=excluded):
                self._file(entry, path)

    def _subfolder(
        self,
        entry: os.DirEntry[str],
        path: str,
        ignore_files: tuple[IgnoreFile, ...],
        parents: tuple[str, ...],
        *,
        excluded: bool,
    ) -> None:
        excluded = excluded or self.rules.excludes_folder(path, ignore_files)
        if not self.rules.enters_folder(path, excluded=excluded):
            return
        target = os.path.realpath(entry.path)
        if entry.is_symlink():
            target = self._link_target(entry, path)
            if not target:
                return
            if target in parents:
                message = f"is a link to {target}, a folder that contains it, so it never ends"
                self._add_problem(path, message, "Remove the link.", code=_LINK_CODE)
                return
        self._folder(entry.path, f"{path}/", ignore_files, (*parents, target), excluded=excluded)

    def _file(self, entry: os.DirEntry[str], path: str) -> None:
        if entry.is_symlink() and not self._link_target(entry, path):
            return
        if not entry.is_file():
            hint = "Remove it, or exclude it with [build] exclude."
            self._add_problem(path, "is neither a file nor a folder", hint, code="special-file")
            return
        self.files.append(SelectedFile(path=path, file=entry.path, size=entry.stat().st_size))

    def _link_target(self, entry: os.DirEntry[str], path: str) -> str:
        """Where a link leads; empty when it must not be followed."""
        target = Path(os.path.realpath(entry.path))
        hint = "Copy what you need into the repository, or exclude the link with [build] exclude."
        if not target.is_relative_to(self.top) or ".git" in target.relative_to(self.top).parts:
            self._add_problem(path, f"is a link to {target}, outside the repository {self.top}", hint, code=_LINK_CODE)
        elif not target.exists():
            self._add_problem(path, f"is a link to {target}, which does not exist", hint, code=_LINK_CODE)
        else:
            return str(target)
        return ""

    def _add_problem(self, path: str, message: str, hint: str, *, code: str) -> None:
        name = printable(path)
        self.problems.append(Problem(file=name, message=f"{name} {message}.", hint=hint, code=code))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link to itself or into an unreadable folder; reported with the links


def ignore_files_above(top: Path, root: Path, matches: PatternMatches) -> tuple[IgnoreFile, ...]:
    """Every .gitignore from the repository's top down to the folder above the build root.

    When they ignore the build root itself (compiled code in ``dist``), none of them counts, because
    the manifest names it. The user's own global excludes and ``.git/info/exclude`` do not count:
    other machines do not have them.
    """
    ignore_files: tuple[IgnoreFile, ...] = ()
    folder, prefix = top, ""
    for part in root.relative_to(top).parts:
        ignore_files = (*ignore_files, *read_ignore_file(folder, prefix, matches))
        folder, prefix = folder / part, f"{prefix}{part}/"
        if is_ignored(prefix, ignore_files):
            return ()
    return ignore_files


def read_ignore_file(folder: Path, prefix: str, matches: PatternMatches) -> Sequence[IgnoreFile]:
    """The folder's .gitignore, when it has one with patterns.

    Raises:
        ProjectError: It is there and cannot be read.
    """
    try:
        text = (folder / GITIGNORE_NAME).read_text(encoding="utf-8", errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ()
    except OSError as error:
        message = (
            f"{prefix}{GITIGNORE_NAME} cannot be read, so the files that git ignores are unknown: {error.strerror}."
        )
        raise ProjectError(message, hint="Give yourself read permission, or remove the file.") from error
    patterns = matches.parse(tuple(text.split("\n")))
    return () if patterns is None else (IgnoreFile(folder=prefix, patterns=patterns),)
