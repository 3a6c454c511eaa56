"""``biot-plugin update``: merge a newer kit into a plugin, and say where that needs a human."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder import process
from builder.errors import Problem, ProjectError
from scaffold import copier_calls
from scaffold.template_answers import StoredAnswers, check_names, read_answers
from scaffold.template_source import WORKING_TREE, TemplateOrigin, installed_origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CURRENT = ":current:"
"""As a version: the one that the plugin has; for changing answers only."""

_MARKERS = (b"<<<<<<< before updating", b">>>>>>> after updating")


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateResult:
    """An update without conflicts; nothing is committed.

    Attributes:
        folder: Absolute path.
        before: Version of the templates that the plugin had.
        after: Version that it has now.
        changed: Relative paths that were added, changed or deleted, sorted.
        deleted: Those of them that are gone.
        reset: Questions whose answer the new version does not offer any more; each has its default now.
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
    """Bring a generated plugin to another version of the kit, or change its answers.

    Args:
        folder: The plugin's folder, a git working copy without uncommitted changes.
        answers: Answers to change.
        ref: Tag, branch or commit; ``:current:`` keeps the version; None for the installed kit's version.
        defaults: Take the default for questions that are new, instead of asking.

    Raises:
        ProjectError: Nothing was changed, or (it says so) the files it lists hold conflicts.
    """
    check_names(answers)
    folder = folder.resolve()
    remembered = read_answers(folder)
    version = _updatable(remembered)
    _check_language(remembered, answers)
    _check_clean(folder)
    origin = TemplateOrigin(source=remembered.source, ref=ref or _installed_version(remembered.source))
    copier_calls.update(origin, folder, answers=answers, defaults=defaults)
    _check_conflicts(folder)
    now = read_answers(folder)
    changed, deleted = _changes(folder)
    return UpdateResult(
        folder=folder,
        before=version,
        after=now.commit or version,
        changed=changed,
        deleted=deleted,
        reset=_reset(remembered.answers, now.answers, answered=answers),
    )


def _updatable(remembered: StoredAnswers) -> str:
    if remembered.commit is not None:
        return remembered.commit
    message = (
        f"The plugin was generated from {remembered.source}, which was no git repository: its version is not known."
    )
    raise ProjectError(message, hint="Generate it anew from the kit's git URL and carry your perform files over.")


def _check_language(remembered: StoredAnswers, answers: Mapping[str, object]) -> None:
    if answers.get("language", remembered.answers.get("language")) != remembered.answers.get("language"):
        message = f"The plugin is written in {remembered.answers.get('language')}; an update cannot translate it."
        raise ProjectError(message, hint="Start a new plugin: `biot-plugin new DEST -d language=…`.")


def _installed_version(source: str) -> str | None:
    """The installed kit's version, None (the newest release) when the kit lies in a folder that is not the source."""
    origin = installed_origin()
    elsewhere = Path(origin.source).resolve() != Path(source).resolve()
    return None if origin.ref == WORKING_TREE and elsewhere else origin.ref


def _reset(before: Mapping[str, object], now: Mapping[str, object], *, answered: Iterable[str]) -> tuple[str, ...]:
    given = set(answered)
    return tuple(sorted(name for name in before if name in now and now[name] != before[name] and name not in given))


def _git(folder: Path, *arguments: str) -> tuple[str, ...]:
    """Run git and split its NUL-separated answer.

    Raises:
        ProjectError: git is missing, or the folder is no working copy.
    """
    try:
        done = process.run(["git", *arguments], cwd=folder)
    except FileNotFoundError as error:
        message = "git was not found; updates are merged with it."
        raise ProjectError(message, hint="Install git (https://git-scm.com) and try again.") from error
    if done.returncode != 0:
        message = f"{folder} is not in a git repository with a commit, and without one an update cannot be undone."
        raise ProjectError(message, hint='Commit it first: `git init && git add -A && git commit -m "Start"`.')
    return tuple(part for part in done.stdout.split("\0") if part)


def _check_clean(folder: Path) -> None:
    _git(folder, "rev-parse", "--verify", "HEAD")
    lines = _git(folder, "status", "--porcelain", "-z", "--no-renames", "--", ".")
    if lines:
        message = "There are uncommitted changes, and an update could not be told from them."
        hint = "Commit or stash them first: `git add -A && git commit`."
        problems = [Problem(file=line[3:], message="The file is not committed.", hint=hint) for line in lines]
        raise ProjectError(message, hint=hint, problems=problems)


def _changes(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    deleted = _git(folder, "diff", "--name-only", "-z", "--relative", "--no-renames", "--diff-filter=D", "HEAD")
    changed = _git(folder, "diff", "--name-only", "-z", "--relative", "--no-renames", "HEAD")
    added = _git(folder, "ls-files", "-z", "--others", "--exclude-standard")
    return tuple(sorted({*changed, *added})), tuple(sorted(deleted))


def _check_conflicts(folder: Path) -> None:
    changed, deleted = _changes(folder)
    rejected = _git(folder, "ls-files", "-z", "--others", "--", "*.rej")
    contents = {name: (folder / name).read_bytes() for name in changed if name not in deleted}
    problems = [*_marked(contents), *_rejected(rejected)]
    if problems:
        message = f"The update was applied, but in {len(problems)} places your change and the kit's meet."
        hint = "Edit the files until no markers are left, then `git add` them; `git reset --hard` goes back to before."
        raise ProjectError(message, hint=hint, problems=problems)


def _marked(contents: Mapping[str, bytes]) -> list[Problem]:
    return [
        Problem(
            file=name,
            line=number,
            message="The file holds both versions, between “before updating” and “after updating”.",
            hint="Keep what is right and delete the marker lines.",
        )
        for name, content in contents.items()
        for number in conflicts(content.splitlines())
    ]


def conflicts(lines: Sequence[bytes]) -> list[int]:
    """The 1-based lines where a conflict of an update begins (or ends, when its begin was deleted)."""
    begins = [number for number, line in enumerate(lines, 1) if line.rstrip() == _MARKERS[0]]
    ends = [number for number, line in enumerate(lines, 1) if line.rstrip() == _MARKERS[1]]
    return begins or ends


def _rejected(names: Iterable[str]) -> list[Problem]:
    return [
        Problem(
            file=name,
            message="The file holds a change of the kit that fits nowhere.",
            hint=f"Apply it to {name.removesuffix('.rej')} by hand, then delete it.",
        )
        for name in names
    ]
