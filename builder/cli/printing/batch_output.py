"""``package --all``: its options, and the result of many plugins as a table and as a document."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from builder.batch import PluginResult, Shard
    from builder.pipeline import PackagedPlugin


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginSelection:
    """The plugins of ``--all``: below which folder, and which share of them."""

    root: Path
    shard: Shard


def batch_options(function: Callable[..., object]) -> Callable[..., object]:
    """``--all``, ``--shard`` and ROOT, passed on as ``selection``: a ``PluginSelection``, or None for one plugin."""

    @click.argument("root", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option(
        "every", "--all", is_flag=True, help="Package every plugin below ROOT (default: this folder), in parallel."
    )
    @click.option(
        "--shard", metavar="I/N", help="With --all: package only part I of N, the same part on every machine."
    )
    @wraps(function)
    def with_selection(*, root: Path | None, every: bool, shard: str | None, **others: object) -> object:
        if every:
            return function(selection=_select(root, shard, others["folder"]), **others)
        if root is not None or shard is not None:
            message = "ROOT and --shard need --all. Use --project to package one plugin of another folder."
            raise click.UsageError(message)
        return function(selection=None, **others)

    return with_selection


def _select(root: Path | None, shard: str | None, project: object) -> PluginSelection:
    from builder.batch import Shard

    if project != Path():
        message = "--project names one plugin. With --all, give the folder to search as ROOT."
        raise click.UsageError(message)
    try:
        return PluginSelection(root=(root or Path()).resolve(), shard=Shard.parse(shard or "1/1"))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--shard") from error


def show_results(selection: PluginSelection, results: Sequence[PluginResult], *, as_json: bool) -> int:
    """Print the result of every plugin.

    Returns:
        The exit code: the highest of all plugins.
    """
    code = max((outcome.exit_code for outcome in results), default=0)
    if as_json:
        print_document(_document(selection, results, code))
        return code
    rows = [_row(outcome, selection.root) for outcome in results]
    for (plugin, *_), outcome in zip(rows, results, strict=True):
        print_problems(
            replace(problem, file=f"{plugin}/{problem.file}".rstrip("/")) for problem in _problems(outcome.result)
        )
    if rows:
        print_lines(table([("plugin", "artifact", "size", "result"), *rows], right=(2,), flexible=(0, 1)))
    counts = ", ".join(f"{count} {word}" for word, count in Counter(row[-1] for row in rows).items())
    print_text(f"{len(rows)} plugin{'' if len(rows) == 1 else 's'}: {counts or 'this part has none'}")
    return code


def _document(selection: PluginSelection, results: Sequence[PluginResult], code: int) -> dict[str, object]:
    return {
        "status": "error" if code else "done",
        "exitCode": code,
        "root": str(selection.root),
        "shard": {"number": selection.shard.number, "count": selection.shard.count},
        "plugins": [{"plugin": _name(outcome, selection.root), **_described(outcome.result)} for outcome in results],
    }


def _described(result: PackagedPlugin | KitError) -> dict[str, object]:
    return describe_error(result) if isinstance(result, KitError) else describe_packaged(result)


def _row(outcome: PluginResult, root: Path) -> tuple[str, str, str, str]:
    result = outcome.result
    if isinstance(result, KitError):
        return _name(outcome, root), "", "", "failed"
    artifact = result.artifact
    word = "up to date" if result.unchanged else "packaged"
    return _name(outcome, root), artifact.file.name, readable_size(artifact.size), word


def _name(outcome: PluginResult, root: Path) -> str:
    return outcome.project.start.relative_to(root).as_posix()


def _problems(result: PackagedPlugin | KitError) -> tuple[Problem, ...]:
    if isinstance(result, KitError):
        return (*result.problems, Problem(message=result.message, hint=result.hint))
    return result.warnings
