"""``plan --all`` and ``publish --all``, and what they print."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from builder.cli.output import (
    describe_error,
    describe_failure,
    print_bug,
    print_document,
    print_lines,
    print_problems,
    print_text,
    table,
)
from builder.cli.printing.own_endpoint_output import describe_endpoint
from builder.cli.printing.release_output import describe_planned, describe_published, release_context
from builder.cli.progress_bar import TerminalProgress
from builder.errors import KitError, Problem, PublishError
from builder.publishing.own_endpoint.endpoint_release import PlannedEndpoint
from builder.publishing.planning.plan import Create, Unchanged
from builder.publishing.planning.planner import all_lines
from builder.release import PlannedRelease, PublishResult

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from builder.batch_release import BatchOutcome, ReleasedPlugin
    from builder.batch_release.plugin_results import PluginEnding
    from builder.cli.release_options import SelectedPlugins
    from builder.pipeline import Project
    from builder.release_artifact import PublishRequest

_NAMED_PLUGINS = 3
"""Plugins that are named below a problem that several have."""


def release_all(
    selection: SelectedPlugins, pattern: Project, request: PublishRequest, *, send: bool, as_json: bool
) -> int:
    """Plan or publish every selected plugin, print the results, and return the exit code.

    Args:
        selection: The plugins.
        pattern: The environment and the store of each.
        request: How to publish.
        send: Whether to publish.
        as_json: Whether to print JSON.
    """
    from msgspec.structs import replace as replace_struct

    from builder.batch import find_plugins, locked_packages
    from builder.batch_release import plan_all, publish_all

    if pattern.environment is None:
        message = "No environment given."
        raise PublishError(message, hint="Add `-e NAME`, for example `-e local`.")
    found = find_plugins(selection.root)
    folders = selection.shard.of(found, [locked_packages(folder) for folder in found])
    progress = TerminalProgress(quiet=as_json)
    try:
        projects = [replace_struct(pattern, start=folder) for folder in folders]
        outcome = (publish_all if send else plan_all)(projects, request, release_context(progress))
    finally:
        progress.close()
    if as_json:
        print_document(_document(selection, pattern.environment, outcome))
    else:
        _print_results(selection.root, pattern.environment, outcome, send=send)
    return outcome.exit_code


def _document(selection: SelectedPlugins, environment: str | None, outcome: BatchOutcome) -> dict[str, object]:
    code, root = outcome.exit_code, selection.root
    failed = code not in {0, 10}
    document: dict[str, object] = {
        "status": "error" if failed else outcome.verdict,
        "verdict": outcome.verdict,
        "exitCode": code,
        "environment": environment,
        "root": str(root),
        "shard": {"number": selection.shard.number, "count": selection.shard.count},
        "changed": [_folder(plugin, root) for plugin in outcome.plugins if plugin.verdict in {"changes", "done"}],
        "plugins": [_describe(plugin, root) for plugin in outcome.plugins],
    }
    if not failed:
        return document
    kind = "interrupted" if outcome.interrupted else "publish"
    failures = sum(plugin.exit_code not in {0, 10} for plugin in outcome.plugins)
    message = f"{failures} of {_count(len(outcome.plugins))} failed. Each has its own message in `plugins`."
    return {
        **describe_failure(kind, code, message, "Run the command again: what is done is not sent again."),
        **document,
    }


def _describe(plugin: ReleasedPlugin, root: Path) -> dict[str, object]:
    described = {**_describe_ending(plugin.ending, plugin.exit_code), "verdict": plugin.verdict}
    return {"folder": _folder(plugin, root), "plugin": plugin.name or None, **described}


def _describe_ending(ending: PluginEnding, code: int) -> dict[str, object]:
    match ending:
        case PublishResult():
            return describe_published(ending)
        case PlannedRelease():
            return describe_planned(ending)
        case PlannedEndpoint():
            return describe_endpoint(ending, code)
        case KitError():
            return describe_error(ending)
        case Exception():
            return describe_failure("bug", code, repr(ending), "Please report it.")


def _print_results(root: Path, environment: str | None, outcome: BatchOutcome, *, send: bool) -> None:
    _print_notes(root, outcome.plugins)
    _print_failures(root, outcome.plugins)
    rows = [(_folder(plugin, root), *_cells(plugin.ending), _word(plugin)) for plugin in outcome.plugins]
    if rows:
        print_lines(table([("plugin", "version", "changes", "result"), *rows]))
    counts = ", ".join(f"{count} {word}" for word, count in Counter(row[-1] for row in rows).items())
    print_text(f"{_count(len(rows))} in {environment}: {counts or 'this part has none'}")
    if outcome.interrupted:
        print_text(f"Interrupted. Run the command again to {'publish' if send else 'compare'} the rest.")


def _print_notes(root: Path, plugins: Sequence[ReleasedPlugin]) -> None:
    """Print the warnings of each build, and each note once for all plugins that have it."""
    noted: dict[str, list[str]] = {}
    for plugin in plugins:
        if isinstance(plugin.ending, PublishResult | PlannedRelease):
            planned = plugin.ending.planned if isinstance(plugin.ending, PublishResult) else plugin.ending
            print_problems(_in_folder(one, plugin, root) for one in planned.prepared.warnings)
        for note in _notes(plugin.ending):
            noted.setdefault(note, []).append(_folder(plugin, root))
    for note, folders in noted.items():
        print_text(f"note: {_named(folders)}: {note}")


def _notes(ending: PluginEnding) -> tuple[str, ...]:
    match ending:
        case PublishResult(planned=planned, notes=notes):
            return (*planned.plan.notes, *planned.notes, *notes)
        case PlannedRelease(plan=plan, notes=notes):
            return (*plan.notes, *notes)
        case PlannedEndpoint(notes=notes):
            return notes
        case Exception():
            return ()


def _named(folders: Sequence[str]) -> str:
    more = f" and {len(folders) - _NAMED_PLUGINS} more" if len(folders) > _NAMED_PLUGINS else ""
    return f"{', '.join(folders[:_NAMED_PLUGINS])}{more}"


def _print_failures(root: Path, plugins: Sequence[ReleasedPlugin]) -> None:
    """Print every problem, and one that several plugins have only once."""
    said: dict[tuple[str, str], list[str]] = {}
    hints: dict[tuple[str, str], Problem] = {}
    for plugin in plugins:
        problem = _failure(plugin.ending)
        if problem is None:
            continue
        if isinstance(plugin.ending, KitError):
            print_problems(_in_folder(one, plugin, root) for one in plugin.ending.problems)
        elif isinstance(plugin.ending, Exception):
            print_bug(plugin.ending)
        key = (problem.message, problem.hint)
        hints.setdefault(key, problem)
        said.setdefault(key, []).append(_folder(plugin, root))
    for key, folders in said.items():
        print_problems([hints[key]._replace(file=_named(folders))])


def _failure(ending: PluginEnding) -> Problem | None:
    match ending:
        case KitError():
            return Problem(message=ending.message, hint=ending.hint, setting=ending.setting, code=ending.kind)
        case PublishResult(outcome=outcome) | PlannedEndpoint(outcome=outcome) if outcome and not outcome.succeeded:
            return Problem(message=outcome.detail, hint=outcome.hint, code=outcome.kind)
        case Exception():
            return Problem(message="This is a bug of the kit.", hint="The other plugins are not affected.", code="bug")
        case _:
            return None


def _in_folder(problem: Problem, plugin: ReleasedPlugin, root: Path) -> Problem:
    return problem._replace(file=f"{_folder(plugin, root)}/{problem.file}".rstrip("/"))


def _cells(ending: PluginEnding) -> tuple[str, str]:
    """The version and what changes."""
    match ending:
        case PublishResult(planned=planned):
            return _planned_cells(planned)
        case PlannedRelease():
            return _planned_cells(ending)
        case PlannedEndpoint(plan=plan) if plan.changes:
            return "own account", _number(len(plan.changes), "subscription")
        case PlannedEndpoint():
            return "own account", ""
        case Exception():
            return "", ""


def _planned_cells(planned: PlannedRelease) -> tuple[str, str]:
    plan = planned.plan
    if isinstance(plan, Unchanged):
        return str(plan.remote.version), ""
    if isinstance(plan, Create):
        return f"new → {plan.version_to}", "new plugin"
    settings = len({line.field for line in all_lines(plan)} - {"version", "code"})
    parts = ["code"] if plan.code is not None else []
    parts += [_number(settings, "setting")] if settings else []
    same = plan.version_from == plan.version_to
    return str(plan.version_to) if same else f"{plan.version_from} → {plan.version_to}", ", ".join(parts)


def _word(plugin: ReleasedPlugin) -> str:
    return plugin.verdict.replace("-", " ")


def _folder(plugin: ReleasedPlugin, root: Path) -> str:
    return plugin.folder.relative_to(root).as_posix()


def _count(plugins: int) -> str:
    return _number(plugins, "plugin")


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
