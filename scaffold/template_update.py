"""``biot-plugin update``: merge a newer kit into a plugin, and report merge conflicts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import Problem, ProjectError
from builder.host import process
from scaffold import copier_calls
from scaffold.template_answers import StoredAnswers, check_names, read_answers
from scaffold.template_source import WORKING_TREE, TemplateOrigin, installed_origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CURRENT = ":current:"
"""The ``ref`` that keeps the plugin's version, for changing answers only."""

_MARKERS = (b"<<<<<<< before updating", b">>>>>>> after updating")


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateResult:
    """An update without conflicts; nothing is committed.

    Attributes:
        folder: The plugin's absolute path.
        before: The version of the templates before the update.
        after: The version of the templates after the update.
        changed: The relative paths of added, changed and deleted files, sorted.
        deleted: The deleted ones among them.
        reset: The questions whose old answer is no longer available; each now has its default.
    """

    folder: Path
    before: str
    after: str
    changed: tuple[str, ...]
    deleted: tuple[str, ...]
    reset: tuple[str, ...]


def update(
    folder: Path, *, answers: Mapping[str, object], ref: str | None = None, defaults: bool = False
) -> UpdateResult:
    """Update a generated plugin to another version of the kit, or change its answers.

    Args:
        folder: The plugin's folder, a git working copy without uncommitted changes.
        answers: The answers to change.
        ref: A tag, branch or commit; ``:current:`` keeps the version; None for the installed kit's version.
        defaults: Whether to use the defaults of new questions instead of asking.

    Raises:
        ProjectError: Nothing was changed, or the listed files have merge conflicts; the message says which.
    """
    check_names(answers)
    folder = folder.resolve()
    before = read_answers(folder)
    version = _version_of(before)
    _check_language(before, answers)
    _check_layout(before, answers)
    check_clean(folder)
    origin = TemplateOrigin(source=before.source, ref=ref or _installed_version(before.source))
    copier_calls.update(origin, folder, answers=answers, defaults=defaults)
    _check_conflicts(folder)
    after = read_answers(folder)
    changed, deleted = _changes(folder)
    return UpdateResult(
        folder=folder,
        before=version,
        after=after.commit or version,
        changed=changed,
        deleted=deleted,
        reset=_reset_questions(before.answers, after.answers, answered=answers),
    )


def _version_of(stored: StoredAnswers) -> str:
    if stored.commit is not None:
        return stored.commit
    message = (
        f"The plugin was generated from {stored.source}, which was not a git repository, so its version is unknown."
    )
    raise ProjectError(message, hint="Create a new plugin from the kit's git URL, and copy your perform files there.")


def _check_language(stored: StoredAnswers, answers: Mapping[str, object]) -> None:
    language = stored.answers.get("language")
    if answers.get("language", language) != language:
        message = f"The plugin is written in {language}. An update cannot change the language."
        raise ProjectError(message, hint="Create a new plugin: `biot-plugin new DEST -d language=…`.")


def _check_layout(stored: StoredAnswers, answers: Mapping[str, object]) -> None:
    layout = stored.answers.get("layout", "one")  # plugins of earlier kits have no answer
    if answers.get("layout", layout) != layout:
        message = f"The repository has the layout {layout}. An update cannot change the layout."
        hint = "Create another repository with `biot-plugin new DEST -d layout=…`, and move the plugin there."
        raise ProjectError(message, hint=hint)


def _installed_version(source: str) -> str | None:
    """Return the installed kit's version, or None (the newest release) if it is installed from another folder."""
    origin = installed_origin()
    elsewhere = Path(origin.source).resolve() != Path(source).resolve()
    return None if origin.ref == WORKING_TREE and elsewhere else origin.ref


def _reset_questions(
    before: Mapping[str, object], after: Mapping[str, object], *, answered: Iterable[str]
) -> tuple[str, ...]:
    common = (before.keys() & after.keys()) - set(answered)
    return tuple(sorted(name for name in common if after[name] != before[name]))


def run_git(folder: Path, *arguments: str) -> tuple[str, ...]:
    """Run git and split its NUL-separated output.

    Args:
        folder: A folder of the working copy.
        arguments: Of git.

    Raises:
        ProjectError: git is missing, or the folder is not a working copy.
    """
    try:
        done = process.run(["git", *arguments], cwd=folder)
    except FileNotFoundError as error:
        message = "git was not found. It is needed to merge an update."
        raise ProjectError(message, hint="Install git (https://git-scm.com) and try again.") from error
    if done.returncode != 0:
        message = f"{folder} is not in a git repository with a commit, so an update could not be undone."
        raise ProjectError(message, hint='Commit it first: `git init && git add -A && git commit -m "Start"`.')
    return tuple(part for part in done.stdout.split("\0") if part)


def check_clean(folder: Path) -> None:
    """Refuse a working copy with uncommitted changes.

    Raises:
        ProjectError: It lists every changed file.
    """
    run_git(folder, "rev-parse", "--verify", "HEAD")
    lines = run_git(folder, "status", "--porcelain", "-z", "--no-renames", "--", ".")
    if lines:
        message = "There are uncommitted changes, which could not be distinguished from the update."
        hint = "Commit or stash them first: `git add -A && git commit`."
        problems = [
            Problem(file=line[3:], message="The file is not committed.", hint=hint, code="uncommitted-file")
            for line in lines
        ]
        raise ProjectError(message, hint=hint, problems=problems)


def _changes(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    deleted = run_git(folder, "diff", "--name-only", "-z", "--relative", "--no-renames", "--diff-filter=D", "HEAD")
    changed = run_git(folder, "diff", "--name-only", "-z", "--relative", "--no-renames", "HEAD")
    added = run_git(folder, "ls-files", "-z", "--others", "--exclude-standard")
    return tuple(sorted({*changed, *added})), tuple(sorted(deleted))


def _check_conflicts(folder: Path) -> None:
    changed, deleted = _changes(folder)
    rejected = run_git(folder, "ls-files", "-z", "--others", "--", "*.rej")
    contents = {name: (folder / name).read_bytes() for name in changed if name not in deleted}
    problems = [*_marked(contents), *_rejected(rejected)]
    if problems:
        count = len({problem.file for problem in problems})
        message = f"The update was applied. Merge conflicts in {count} {'file' if count == 1 else 'files'}."
        hint = "Edit the files until no conflict markers are left, then `git add` them; `git reset --hard` undoes all."
        raise ProjectError(message, hint=hint, problems=problems)


def _marked(contents: Mapping[str, bytes]) -> list[Problem]:
    return [
        Problem(
            file=name,
            line=number,
            message="Merge conflict: both versions are between “before updating” and “after updating”.",
            hint="Keep the right lines and delete the marker lines.",
            code="merge-conflict",
        )
        for name, content in contents.items()
        for number in conflicts(content.splitlines())
    ]


def conflicts(lines: Sequence[bytes]) -> list[int]:
    """Return the line numbers, from 1, where conflicts start, or where they end if the start markers were deleted."""
    starts = [number for number, line in enumerate(lines, 1) if line.rstrip() == _MARKERS[0]]
    ends = [number for number, line in enumerate(lines, 1) if line.rstrip() == _MARKERS[1]]
    return starts or ends


def _rejected(names: Iterable[str]) -> list[Problem]:
    return [
        Problem(
            file=name,
            message="The file contains a change of the kit that could not be merged.",
            hint=f"Apply it to {name.removesuffix('.rej')} by hand, then delete this file.",
            code="merge-conflict",
        )
        for name in names
    ]
