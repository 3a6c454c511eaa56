"""``package --all``: its options, and what people and machines see of many plugins at once."""

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
class Many:
    """``--all``: where to look for plugins, and which of those found."""

    root: Path
    shard: Shard


def many_options(function: Callable[..., object]) -> Callable[..., object]:
    """``--all``, ``--shard`` and ROOT, handed on as ``many``: a ``Many``, or None for one plugin."""

    @click.argument("root", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option(
        "every", "--all", is_flag=True, help="Every plugin.toml below ROOT (default: this folder), in parallel."
    )
    @click.option("--shard", metavar="I/N", help="With --all: only share I of N, the same on every machine.")
    @wraps(function)
    def taking(*, root: Path | None, every: bool, shard: str | None, **others: object) -> object:
        if every:
            return function(many=_many(root, shard, others["folder"]), **others)
        if root is not None or shard is not None:
            message = "ROOT and --shard belong to --all; one plugin is named with --project."
            raise click.UsageError(message)
        return function(many=None, **others)

    return taking


def _many(root: Path | None, shard: str | None, project: object) -> Many:
    from builder.batch import Shard

    if project != Path():
        message = "--project names one plugin; with --all, say where to look as ROOT."
        raise click.UsageError(message)
    try:
        return Many(root=(root or Path()).resolve(), shard=Shard.parse(shard or "1/1"))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--shard") from error


def show(many: Many, results: Sequence[PluginResult], *, as_json: bool) -> int:
    """Print what became of every plugin.

    Returns:
        The exit code: the worst of all plugins.
    """
    code = max((outcome.exit_code for outcome in results), default=0)
    if as_json:
        print_document(_document(many, results, code))
        return code
    rows = [_row(outcome, many.root) for outcome in results]
    for (plugin, *_), outcome in zip(rows, results, strict=True):
        print_problems(
            replace(problem, file=f"{plugin}/{problem.file}".rstrip("/")) for problem in _problems(outcome.result)
        )
    if rows:
        print_lines(table([("plugin", "artifact", "size", ""), *rows], right=(2,)))
    told = ", ".join(f"{count} {word}" for word, count in Counter(row[-1] for row in rows).items())
    print_text(f"{len(rows)} plugins: {told or 'this share has none'}")
    return code


def _document(many: Many, results: Sequence[PluginResult], code: int) -> dict[str, object]:
    return {
        "status": "error" if code else "done",
        "exitCode": code,
        "root": str(many.root),
        "shard": {"number": many.shard.number, "count": many.shard.count},
        "plugins": [{"plugin": _name(outcome, many.root), **_described(outcome.result)} for outcome in results],
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
