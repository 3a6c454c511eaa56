"""``package --all``: its options, and its plugins and their results as tables and as documents."""

from __future__ import annotations

from collections import Counter
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import click

from builder.cli.output import (
    describe_error,
    describe_packaged,
    print_document,
    print_lines,
    print_problems,
    print_text,
    readable_size,
    table,
)
from builder.errors import KitError, Problem
from builder.last_build import RecordedBuild

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from builder.batch import ChangedPlugin, ChangedPlugins, Shard
    from builder.pipeline import PackagedPlugin

    _Result: TypeAlias = PackagedPlugin | RecordedBuild | KitError
    """The artifact, the record of an unchanged one, or why there is none."""

_LISTED_INPUTS = 3
_SHORT_COMMIT = 9


class PluginSelection(NamedTuple):
    """The plugins of ``--all``.

    Attributes:
        root: The folder that they are below.
        shard: Which share of them.
        since: The revision that they must differ from; empty for every plugin.
        dry_run: Whether to list them only.
    """

    root: Path
    shard: Shard
    since: str = ""
    dry_run: bool = False


def batch_options(function: Callable[..., object]) -> Callable[..., object]:
    """``--all``, ROOT and their limits, passed on as ``selection``: a ``PluginSelection``, or None for one plugin."""

    @click.argument("root", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option(
        "every", "--all", is_flag=True, help="Package every plugin below ROOT (default: this folder), in parallel."
    )
    @click.option(
        "--shard", metavar="I/N", help="With --all: package only part I of N, the same part on every machine."
    )
    @click.option(
        "--since",
        metavar="REV",
        help="With --all: package only what differs from this git revision.",
    )
    @click.option("--dry-run", is_flag=True, help="With --all: list the plugins, with what changed; build nothing.")
    @wraps(function)
    def with_selection(*, root: Path | None, every: bool, **others: object) -> object:
        limits = {name: others.pop(name) for name in ("shard", "since", "dry_run")}
        if every:
            return function(selection=_select(root, limits, others["folder"]), **others)
        if root is not None or any(limit not in {None, False} for limit in limits.values()):
            message = "ROOT, --shard, --since and --dry-run need --all. Use --project to package one plugin elsewhere."
            raise click.UsageError(message)
        return function(selection=None, **others)

    return with_selection


def _select(root: Path | None, limits: dict[str, object], project: object) -> PluginSelection:
    from builder.batch import Shard

    if project != Path():
        message = "--project names one plugin. With --all, give the folder to search as ROOT."
        raise click.UsageError(message)
    since = limits["since"]
    if since is not None and not str(since).strip():
        message = "it is empty; name a commit, branch or tag"
        raise click.BadParameter(message, param_hint="--since")
    try:
        shard = Shard.parse(str(limits["shard"] or "1/1"))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--shard") from error
    return PluginSelection(
        root=(root or Path()).resolve(), shard=shard, since=str(since or ""), dry_run=bool(limits["dry_run"])
    )


class PluginsToPackage(NamedTuple):
    """The plugins that one run packages.

    Attributes:
        selection: What the command line asks for.
        plugins: Those of this machine, with what changed in each.
        compared: The comparison with a revision, or None without ``--since``.
    """

    selection: PluginSelection
    plugins: Sequence[ChangedPlugin]
    compared: ChangedPlugins | None

    def name(self, folder: Path) -> str:
        """A plugin's folder, relative to the folder that was searched."""
        return folder.relative_to(self.selection.root).as_posix()

    @property
    def head(self) -> dict[str, object]:
        """What was selected, as JSON."""
        shard, compared = self.selection.shard, self.compared
        since = {"revision": compared.revision, "commit": compared.commit} if compared else None
        return {
            "root": str(self.selection.root),
            "shard": {"number": shard.number, "count": shard.count},
            "since": since,
            "unchanged": compared.unchanged if compared else 0,
        }

    @property
    def unchanged_text(self) -> str:
        """How many plugins are as they were in the revision; empty without ``--since``."""
        if self.compared is None or not self.compared.commit:
            return ""
        revision, commit = self.compared.revision, self.compared.commit[:_SHORT_COMMIT]
        shown = revision if commit.startswith(revision) else f"{revision} ({commit})"
        return f"{self.compared.unchanged} unchanged since {shown}"


def show_selected(selected: PluginsToPackage, *, as_json: bool) -> int:
    """Print which plugins a run without ``--dry-run`` would package, and what changed in each.

    Returns:
        The exit code: 0.
    """
    if as_json:
        plugins = [_selected(plugin, selected) for plugin in selected.plugins]
        changed = [plugin["plugin"] for plugin in plugins]
        print_document({"status": "done", "exitCode": 0, **selected.head, "changed": changed, "plugins": plugins})
        return 0
    rows = [(selected.name(plugin.project.start), _summary(plugin)) for plugin in selected.plugins]
    if rows and selected.compared is not None:
        print_lines(table([("plugin", "changed"), *rows], flexible=(1,)))
    elif rows:
        print_lines(name for name, _ in rows)
    print_text(_counted(len(rows), [selected.unchanged_text]))
    return 0


def show_results(selected: PluginsToPackage, results: Sequence[_Result], *, as_json: bool) -> int:
    """Print the result of every plugin, in the order of ``selected.plugins``.

    Returns:
        The exit code: the highest of all plugins.
    """
    code = max((result.exit_code for result in results if isinstance(result, KitError)), default=0)
    if as_json:
        print_document(_document(selected, results, code))
        return code
    names = [selected.name(plugin.project.start) for plugin in selected.plugins]
    rows = [(name, *_row(result)) for name, result in zip(names, results, strict=True)]
    for name, result in zip(names, results, strict=True):
        print_problems(problem._replace(file=f"{name}/{problem.file}".rstrip("/")) for problem in _problems(result))
    if rows:
        print_lines(table([("plugin", "artifact", "size", "result"), *rows], right=(2,), flexible=(0, 1)))
    counts = [f"{count} {word}" for word, count in Counter(row[-1] for row in rows).items()]
    print_text(_counted(len(rows), [*counts, selected.unchanged_text]))
    return code


def _counted(count: int, parts: Sequence[str]) -> str:
    known = ", ".join(part for part in parts if part)
    return f"{count} plugin{'' if count == 1 else 's'}{': ' if known or not count else ''}" + (
        known or ("this part has none" if not count else "")
    )


def _summary(plugin: ChangedPlugin) -> str:
    shown = [f"{one.path} ({one.change})" for one in plugin.inputs[:_LISTED_INPUTS]]
    rest = len(plugin.inputs) - len(shown)
    return ", ".join([*shown, *([f"{rest} more"] if rest else [])])


def _selected(plugin: ChangedPlugin, selected: PluginsToPackage) -> dict[str, object]:
    name = selected.name(plugin.project.start)
    return {"plugin": name, **({"changes": _changes(plugin)} if selected.compared is not None else {})}


def _changes(plugin: ChangedPlugin) -> list[dict[str, str]]:
    return [{"path": one.path, "change": one.change, "input": one.kind.value} for one in plugin.inputs]


def _document(selected: PluginsToPackage, results: Sequence[_Result], code: int) -> dict[str, object]:
    listed = zip(selected.plugins, results, strict=True)
    plugins = [{**_selected(plugin, selected), **_described(result)} for plugin, result in listed]
    return {"status": "error" if code else "done", "exitCode": code, **selected.head, "plugins": plugins}


def _described(result: _Result) -> dict[str, object]:
    if isinstance(result, RecordedBuild):  # only without reports, which a document has
        return {"status": "nothing-to-do", "artifact": str(result.artifact)}
    return describe_error(result) if isinstance(result, KitError) else describe_packaged(result)


def _row(result: _Result) -> tuple[str, str, str]:
    if isinstance(result, KitError):
        return "", "", "failed"
    if isinstance(result, RecordedBuild):
        return result.artifact.name, readable_size(result.size), "up to date"
    artifact = result.artifact
    return artifact.file.name, readable_size(artifact.size), "up to date" if result.unchanged else "packaged"


def _problems(result: _Result) -> tuple[Problem, ...]:
    if isinstance(result, KitError):
        return (*result.problems, Problem(message=result.message, hint=result.hint, code=result.kind))
    return result.warnings
