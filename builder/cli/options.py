"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from builder.stages import Project

F = TypeVar("F", bound="Callable[..., object]")
_STORE = "builder.store"


def json_option(function: F) -> F:
    """``--json``: one JSON document on standard output instead of text."""
    return click.option("as_json", "--json", is_flag=True, help="Print one JSON document instead of text.")(function)


def project_options(function: F) -> F:
    """``--project`` and ``--environment``: which plugin.toml, and which of its environments."""
    function = click.option(
        "environment",
        "--environment",
        "-e",
        metavar="NAME",
        help="The BioT environment: NAME of [environments.NAME] in plugin.toml, or local.",
    )(function)
    return project_option(function)


def project_option(function: F) -> F:
    """``--project``: which plugin.toml."""
    return click.option(
        "folder",
        "--project",
        "-p",
        type=click.Path(exists=True, file_okay=True, path_type=Path),
        default=".",
        help="The plugin's folder or its plugin.toml. Default: this folder or the nearest parent with a plugin.toml.",
    )(function)


def store_option(function: F) -> F:
    """``--store``: where packages are stored; ``project_of`` reads it."""
    return click.option(
        "--store",
        metavar="FOLDER|s3://BUCKET/PREFIX",
        expose_value=False,
        callback=_remember_store,
        help="Where packages are stored. Machines can share an S3 bucket, which is asked before the package index.",
    )(function)


def _remember_store(context: click.Context, parameter: click.Parameter, store: str | None) -> None:
    del parameter
    context.meta[_STORE] = store or ""


def project_of(folder: Path, environment: str | None) -> Project:
    """The project that a command line names."""
    from builder.stages import Project

    return Project(start=folder.resolve(), environment=environment, today=current_day(), store=store_location())


def store_location() -> str:
    """The value of ``--store``; empty without one."""
    context = click.get_current_context(silent=True)
    return str(context.meta.get(_STORE, "")) if context else ""


def current_day() -> date:
    """The day by which the life cycles of runtimes are judged, in UTC."""
    return datetime.now(UTC).date()


def answers_option(function: F) -> F:
    """``--data``/``-d``: answers to the template's questions, as Copier spells them."""
    return click.option(
        "answers",
        "--data",
        "-d",
        multiple=True,
        metavar="QUESTION=ANSWER",
        callback=_parse_answers,
        help="Answer a question of the template. May be repeated.",
    )(function)


def _parse_answers(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, object]:
    answers: dict[str, object] = {}
    for text in values:
        name, separator, value = text.partition("=")
        if not separator or not name:
            message = f"{text!r} is not QUESTION=ANSWER."
            raise click.BadParameter(message, ctx=context, param=parameter)
        is_list = value.startswith("[") and value.endswith("]")
        answers[name] = [item.strip() for item in value[1:-1].split(",") if item.strip()] if is_list else value
    return answers
