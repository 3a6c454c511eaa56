"""Find the plugin's own files: one pass over the build root that never looks into what stays out."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from builder.bundle.inclusion_rules import IgnoreFile, InclusionRules, is_ignored, patterns_of
from builder.errors import Problem, ProjectError
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

GITIGNORE = ".gitignore"


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectedFile:
    """A file that goes in: where it lies, its path in the artifact, and its size in bytes."""

    path: str
    file: str
    size: int


@dataclass(kw_only=True, slots=True)
class FolderWalk:
    """One pass over a build root.

    Attributes:
        top: The repository's top, resolved.
        choice: What goes in.
        files: What was found so far.
        problems: What was found and cannot be packaged.
    """

    top: Path
    choice: InclusionRules
    files: list[SelectedFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def run(self, root: Path, ignores: tuple[IgnoreFile, ...]) -> None:
        """Look through the build root, given every .gitignore above it."""
        self._folder(str(root), "", ignores, (os.path.realpath(root),), left_out=False)

    def _folder(
        self, folder: str, prefix: str, ignores: tuple[IgnoreFile, ...], above: tuple[str, ...], *, left_out: bool
    ) -> None:
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self._add(prefix or folder, f"cannot be read: {error.strerror}", "Give yourself read permission.")
            return
        names = {entry.name for entry in entries}
        if prefix and "pyvenv.cfg" in names:
            return  # a virtual environment, whatever it is called
        if GITIGNORE in names and not left_out:
            ignores = (*ignores, *read_ignore(Path(folder), self.choice.prefix + prefix))
        for entry in entries:
            path = prefix + entry.name
            if _is_folder(entry):
                self._subfolder(entry, path, ignores, above, left_out=left_out)
            elif self.choice.takes_file(path, ignores, inside_left_out=left_out):
                self._file(entry, path)

    def _subfolder(
        self,
        entry: os.DirEntry[str],
        path: str,
        ignores: tuple[IgnoreFile, ...],
        above: tuple[str, ...],
        *,
        left_out: bool,
    ) -> None:
        left_out = left_out or self.choice.leaves_out_folder(path, ignores)
        if not self.choice.enters(path, left_out=left_out):
            return
        if entry.is_symlink():
            target = self._link_target(entry, path)
            if not target:
                return
            if target in above:
                self._add(path, f"is a link to {target}, a folder it lies in, so it never ends", "Remove the link.")
                return
            above = (*above, target)
        else:
            above = (*above, os.path.realpath(entry.path))
        self._folder(entry.path, f"{path}/", ignores, above, left_out=left_out)

    def _file(self, entry: os.DirEntry[str], path: str) -> None:
        if entry.is_symlink() and not self._link_target(entry, path):
            return
        if not entry.is_file():
            self._add(path, "is neither a file nor a folder", "Remove it, or leave it out with [build] exclude.")
            return
        self.files.append(SelectedFile(path=path, file=entry.path, size=entry.stat().st_size))

    def _link_target(self, entry: os.DirEntry[str], path: str) -> str:
        """Where a link leads, or nothing when it may not be followed."""
        target = Path(os.path.realpath(entry.path))
        hint = "Copy what is needed into the repository, or leave the link out with [build] exclude."
        if not target.is_relative_to(self.top) or ".git" in target.relative_to(self.top).parts:
            self._add(path, f"is a link to {target}, outside the repository {self.top}", hint)
        elif not target.exists():
            self._add(path, f"is a link to {target}, which does not exist", hint)
        else:
            return str(target)
        return ""

    def _add(self, path: str, message: str, hint: str) -> None:
        self.problems.append(Problem(file=printable(path), message=f"{printable(path)} {message}.", hint=hint))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link to itself, or into a folder that may not be read: told where links are


def repository_top(folder: Path) -> Path:
    """The nearest folder with ``.git``, here or above; the folder itself when there is none."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)


def ignores_above(top: Path, root: Path) -> tuple[IgnoreFile, ...]:
    """Every .gitignore from the repository's top down to the folder above the build root.

    When they ignore the build root itself (compiled code in ``dist``), naming it in the manifest outweighs them all.
    The user's own global excludes and ``.git/info/exclude`` do not count: other machines do not have them.
    """
    found: tuple[IgnoreFile, ...] = ()
    place, prefix = top, ""
    for part in root.relative_to(top).parts:
        found = (*found, *read_ignore(place, prefix))
        place, prefix = place / part, f"{prefix}{part}/"
        if is_ignored(prefix, found):
            return ()
    return found


def read_ignore(folder: Path, prefix: str) -> Sequence[IgnoreFile]:
    """The folder's .gitignore when it has one that says something.

    Raises:
        ProjectError: It is there and cannot be read.
    """
    try:
        text = (folder / GITIGNORE).read_text(encoding="utf-8", errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ()
    except OSError as error:
        message = f"{prefix}{GITIGNORE} cannot be read, so what git ignores is not known: {error.strerror}."
        raise ProjectError(message, hint="Give yourself read permission, or remove the file.") from error
    patterns = patterns_of(text.split("\n"))
    return () if patterns is None else (IgnoreFile(folder=prefix, patterns=patterns),)
