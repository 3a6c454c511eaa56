"""``biot-plugin add``: give an existing plugin another hook, with its source, event, tests and subscription."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from builder.errors import ProjectError
from scaffold.template_answers import HOOKS, read_answers
from scaffold.template_update import CURRENT, check_clean, run_git, update

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class HookAddition:
    """The files of an added hook; nothing is committed.

    Attributes:
        folder: The plugin's absolute path.
        hooks: All hooks of the plugin, in the order of the templates.
        added: The relative paths of new files, sorted; empty if the plugin had the hook before.
        changed: The relative paths of other changed files, sorted.
        difference: All changes, as ``git diff`` prints them.
    """

    folder: Path
    hooks: tuple[str, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    difference: str


def add_hook(folder: Path, hook: str, *, dry_run: bool = False) -> HookAddition:
    """Add a hook to a generated plugin, at the version of the kit that the plugin has.

    Args:
        folder: The plugin's folder, a git working copy without uncommitted changes.
        hook: One of ``HOOKS``.
        dry_run: Whether to change only a temporary clone.

    Raises:
        ProjectError: Nothing was changed, or the listed files have merge conflicts; the message says which.
    """
    folder = folder.resolve()
    before = _hooks(read_answers(folder).answers)
    hooks = tuple(each for each in HOOKS if each in before or each == hook)
    if hook in before:
        return HookAddition(folder=folder, hooks=hooks, added=(), changed=(), difference="")
    if not dry_run:
        return _add(folder, folder, hooks)
    check_clean(folder)
    (inside,) = run_git(folder, "rev-parse", "--show-prefix") or ("",)
    (top,) = run_git(folder, "rev-parse", "--show-toplevel")
    with TemporaryDirectory(prefix="biot-plugin-add-", ignore_cleanup_errors=True) as scratch:
        run_git(folder, "clone", "--quiet", top.strip(), scratch)
        return _add(folder, Path(scratch) / inside.strip(), hooks)


def _add(folder: Path, working_copy: Path, hooks: tuple[str, ...]) -> HookAddition:
    result = update(working_copy, answers={"hooks": list(hooks)}, ref=CURRENT, defaults=True)
    added = run_git(working_copy, "ls-files", "-z", "--others", "--exclude-standard")
    run_git(working_copy, "add", "--intent-to-add", "--", ".")
    difference = run_git(working_copy, "diff", "--relative", "HEAD", "--", ".")
    return HookAddition(
        folder=folder,
        hooks=hooks,
        added=tuple(sorted(added)),
        changed=tuple(name for name in result.changed if name not in added),
        difference="".join(difference),
    )


def _hooks(answers: Mapping[str, object]) -> tuple[str, ...]:
    hooks = answers.get("hooks")
    if isinstance(hooks, list) and hooks and all(each in HOOKS for each in hooks):
        return tuple(map(str, hooks))
    if answers.get("layout") == "many":
        message = "This is a repository with many plugins. A hook is added to one of them."
        raise ProjectError(
            message, hint="Run the command in the plugin's folder, or name it: `biot-plugin add HOOK plugins/NAME`."
        )
    message = "The answers of this plugin name no hooks that this kit knows, so none can be added."
    raise ProjectError(message, hint="Update the plugin first: `biot-plugin update`.")
