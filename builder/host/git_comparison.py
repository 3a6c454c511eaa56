"""Compares the working tree with a revision of git: by content, as git does, and without changing the repository.

``git diff`` writes the index when only a file's time has changed. It gets a copy, so that it neither writes nor locks
the user's.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import ProjectError, UsageError
from builder.host import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WORDS = {"A": "added", "D": "deleted"}
_NOT_A_FILE = frozenset({"120000", "160000"})
"""Git's modes of links and of submodules."""
_OTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""A hook of git gets these; they would redirect the comparison."""
_LONGEST_SHOWN = 60


class RevisionComparison(Struct, frozen=True, kw_only=True):
    """How the files of a repository differ from a revision. Paths are relative to ``top``, with ``/``.

    Attributes:
        top: The repository's top, resolved.
        revision: As the user wrote it.
        commit: Its full hash; empty for the null hash, which stands for a branch without an earlier state.
        known: Every file, link and submodule of the revision.
        changes: Path -> ``added``, ``modified`` or ``deleted``, of everything that git tracks.
        restructured: The paths of ``changes`` that were deleted, or are or were links or submodules.
        matching: The paths of ``changes`` with an added or removed line that matches the pattern.
    """

    top: Path
    revision: str
    commit: str
    known: frozenset[str] = frozenset()
    changes: Mapping[str, str] = {}
    restructured: frozenset[str] = frozenset()
    matching: frozenset[str] = frozenset()

    def change_of(self, path: str) -> str:
        """``added``, ``modified`` or ``deleted``; empty when an existing file is as it was in the revision."""
        if path in self.known:
            return self.changes.get(path, "")
        parts = path.split("/")
        for end in range(len(parts) - 1, 0, -1):  # it may be in a submodule, or behind a link
            parent = "/".join(parts[:end])
            if parent in self.known:
                return self.changes.get(parent, "")
        return "added"


def compare_with_revision(folder: Path, revision: str, *, pattern: str) -> RevisionComparison:
    """Compare the working tree around a folder with a revision.

    Args:
        folder: Inside the repository.
        revision: A commit, branch or tag, as git spells it. The null hash, which CI systems pass for a new branch,
            stands for an empty repository.
        pattern: A regular expression for the lines of ``matching``. Markdown and reStructuredText do not count.

    Raises:
        UsageError: The repository has no such revision, or not yet because the clone is shallow.
        ProjectError: Git is not installed, the folder is not in a repository, or git cannot compare.
    """
    top = _top(folder)
    if revision and set(revision) == {"0"}:
        return RevisionComparison(top=top, revision=revision, commit="")
    with _copied_index(top) as index:
        return _compare(_Git(top, index), revision, pattern)


def _compare(git: _Git, revision: str, pattern: str) -> RevisionComparison:
    commit = git.commit(revision)
    listed = git.output("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit)
    compared = ("diff", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=none")
    changes = dict(_changes(git.output(*compared, "--raw", commit, "--")))
    prose = [f":(exclude,icase)*.{ending}" for ending in ("md", "rst")]
    matching = git.output(*compared, "--name-only", "-G", pattern, commit, "--", ".", *prose)
    return RevisionComparison(
        top=git.top,
        revision=revision,
        commit=commit,
        known=frozenset(_fields(listed)),
        changes={path: word for path, (word, _) in changes.items()},
        restructured=frozenset(path for path, (_, restructured) in changes.items() if restructured),
        matching=frozenset(_fields(matching)),
    )


class _Git:
    """Git in one repository.

    Args:
        top: Its top.
        index: The copy of its index; empty when it has none.
    """

    def __init__(self, top: Path, index: str) -> None:
        self.top = top
        self._variables = {"GIT_INDEX_FILE": index} if index else {}

    def commit(self, revision: str) -> str:
        """The full hash of a revision."""
        shown = revision if len(revision) <= _LONGEST_SHOWN else f"{revision[:_LONGEST_SHOWN]}…"
        if revision and not revision.startswith("-"):
            done = _run(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], self.top)
            if done.returncode == 0:
                return done.stdout.strip()
        if _run(["rev-parse", "--is-shallow-repository"], self.top).stdout.strip() == "true":
            message = f"The revision {shown} is not in this clone, which is shallow: it has only the newest commits."
            hint = f"Run `git fetch --depth=1 origin {shown}`, or let CI fetch everything (on GitHub: fetch-depth: 0)."
            raise UsageError(message, hint=hint)
        message = f"The repository {self.top} has no revision {shown}."
        hint = "Name a commit, branch or tag. `git fetch` brings those of the server; the branch is origin/NAME then."
        raise UsageError(message, hint=hint)

    def output(self, *arguments: str) -> str:
        """What git prints."""
        done = _run(arguments, self.top, self._variables)
        if done.returncode != 0:
            message = f"Git cannot compare the files: {_last_line(done.stderr)}."
            raise ProjectError(message, hint=f"Try it in {self.top}: git {' '.join(arguments[:2])}")
        return done.stdout


def _top(folder: Path) -> Path:
    try:
        done = _run(["rev-parse", "--show-toplevel"], folder)
    except FileNotFoundError as error:
        message = "Git is not installed, so nothing says which files changed."
        raise ProjectError(message, hint="Install git, or leave out --since.") from error
    if done.returncode == 0 and done.stdout.strip():
        return Path(done.stdout.removesuffix("\n")).resolve()
    if "not a git repository" in done.stderr or not done.stderr.strip():
        message = f"{folder} is not in a working tree of git, so nothing says which files changed."
        raise ProjectError(message, hint="Check the repository out with git, or leave out --since.")
    message = f"Git does not read the repository of {folder}: {_last_line(done.stderr)}."
    raise ProjectError(
        message, hint=f"If it belongs to another user: git config --global --add safe.directory {folder}"
    )


@contextmanager
def _copied_index(top: Path) -> Iterator[str]:
    """The path of a copy of the repository's index; empty when it has none.

    The copy has the time of the original. By it git knows which files may have changed in the second in which the index
    was written, and compares their content.
    """
    index = top / _run(["rev-parse", "--git-path", "index"], top).stdout.removesuffix("\n")
    with TemporaryDirectory() as folder:
        yield shutil.copy2(index, folder) if index.is_file() else ""


def _run(
    arguments: Sequence[str], folder: Path, variables: Mapping[str, str] | None = None
) -> process.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
    argv = ["git", "-c", "diff.autoRefreshIndex=true", *arguments]
    return process.run(argv, cwd=folder, environment={**environment, "LC_ALL": "C", **(variables or {})})


def _changes(raw: str) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Path -> its word, and whether it is in ``restructured``, of ``git diff --raw -z``."""
    fields = iter(_fields(raw))
    for head, path in zip(fields, fields, strict=False):
        before, after, _, _, status = head.removeprefix(":").split(" ")
        word = _WORDS.get(status[:1], "modified")
        yield path, (word, word == "deleted" or not _NOT_A_FILE.isdisjoint((before, after)))


def _fields(text: str) -> list[str]:
    return [part for part in text.split("\0") if part]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    return (fatal or lines or ["it says nothing"])[0].rstrip(".")
