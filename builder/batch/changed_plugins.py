"""Decides which plugins have changed since a revision of git: those with a changed input.

Inputs are what decides an artifact: plugin.toml, the plugin's own files, shared folders, the files that declare and
lock its packages, the settings beside them, and the version of the kit. Whatever cannot be compared counts as
changed, so that no change is missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from builder.batch.plugin_inputs import InputKind, PluginInputs, read_inputs
from builder.bundle.ignore_patterns import PatternMatches
from builder.errors import KitError
from builder.host.git_comparison import compare_with_revision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from builder.host.git_comparison import RevisionComparison
    from builder.stages import Project

KIT_PATTERN = "[Bb]iot[-_.][Pp]lugin[-_.][Kk]it"
"""Lines that name the kit: its requirement in tox.ini, in a requirements file, in a lock or in a pipeline."""
_NULL = "no earlier state"


class ChangedInput(Struct, frozen=True, kw_only=True):
    """One reason why a plugin counts as changed.

    Attributes:
        path: Relative to the repository's top, with ``/``.
        change: ``added``, ``modified``, ``deleted``, or why it cannot be compared.
        kind: What the file is to the plugin.
    """

    path: str
    change: str
    kind: InputKind


class ChangedPlugin(Struct, frozen=True, kw_only=True):
    """A plugin with at least one changed input."""

    project: Project
    inputs: tuple[ChangedInput, ...]


class ChangedPlugins(Struct, frozen=True, kw_only=True):
    """The changed plugins of a repository.

    Attributes:
        revision: As the user wrote it.
        commit: Its full hash; empty for the null hash.
        plugins: The changed ones, in the order of all.
        unchanged: How many plugins are as they were.
    """

    revision: str
    commit: str
    plugins: tuple[ChangedPlugin, ...]
    unchanged: int


def find_changed_plugins(projects: Sequence[Project], root: Path, revision: str) -> ChangedPlugins:
    """The plugins with an input that differs from a revision.

    Args:
        projects: Every plugin.
        root: A folder of their repository.
        revision: A commit, branch or tag; the null hash makes every plugin count as changed.

    Raises:
        UsageError, ProjectError: As ``compare_with_revision``.
    """
    comparison = compare_with_revision(root, revision, pattern=KIT_PATTERN)
    patterns = PatternMatches()
    compared = [(project, _inputs_of(project, comparison, patterns)) for project in projects]
    changed = tuple(ChangedPlugin(project=project, inputs=inputs) for project, inputs in compared if inputs)
    return ChangedPlugins(
        revision=revision, commit=comparison.commit, plugins=changed, unchanged=len(projects) - len(changed)
    )


def _inputs_of(project: Project, comparison: RevisionComparison, patterns: PatternMatches) -> tuple[ChangedInput, ...]:
    place = project.start.resolve().relative_to(comparison.top).as_posix()
    if not comparison.commit:
        return (ChangedInput(path=place, change=_NULL, kind=InputKind.REVISION),)
    try:
        inputs = read_inputs(project, comparison.top, patterns)
    except KitError as error:  # packaging it reports the same
        return (ChangedInput(path=place, change=f"cannot be compared: {error.message}", kind=InputKind.MANIFEST),)
    return changed_inputs(inputs, comparison)


def changed_inputs(inputs: PluginInputs, comparison: RevisionComparison) -> tuple[ChangedInput, ...]:
    """Compare the inputs of one plugin. Pure.

    A deleted file, a link and a submodule count wherever they are below a folder of the plugin's files.
    """
    found = {path: (change, kind) for path, kind in inputs.files.items() if (change := comparison.change_of(path))}
    found |= {
        path: (comparison.changes[path], kind) for path, kind in inputs.absent.items() if path in comparison.changes
    }
    for path in comparison.restructured - found.keys():
        folder = next((folder for folder in inputs.folders if path.startswith(folder)), None)
        if folder is not None:
            found[path] = (comparison.changes[path], inputs.folders[folder])
    for path in comparison.matching - found.keys():
        if _concerns(path, inputs.plugin):
            found[path] = (comparison.changes[path], InputKind.KIT)
    return tuple(ChangedInput(path=path, change=change, kind=kind) for path, (change, kind) in sorted(found.items()))


def _concerns(pin: str, plugin: str) -> bool:
    """Whether a file that names the kit's version decides with which one a plugin is built.

    That is a file beside the plugin, above it, or inside it. A pipeline in a hidden folder counts for the folder
    that has the hidden one.
    """
    folders = pin.split("/")[:-1]
    hidden = next((at for at, name in enumerate(folders) if name.startswith(".")), len(folders))
    scope = "".join(f"{name}/" for name in folders[:hidden])
    return plugin.startswith(scope) or pin.startswith(plugin)
