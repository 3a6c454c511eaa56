"""The reference of the commands, from the parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from documentation.markdown import cell, code_block

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HEADING = """# Commands

This page is generated from the commands themselves: it says what `--help` says. Every command has
`--help`, and all but `completion` and `dev` have `--json`, also for failures.

| exit code | meaning |
| --- | --- |
| 0 | done, or nothing to do |
| 2 to 9 | the [error codes](errors.md) say which |
| 10 | `plan` found changes, `diff` differences, or `types --check` an outdated file |
| 70 | a bug of the kit |
| 130 | interrupted |
"""


def command_page(group: click.Group, headings: Mapping[str, Sequence[str]]) -> str:
    """The page with a section for each command.

    Args:
        group: All commands.
        headings: Heading -> the names of its commands, as in ``--help``.
    """
    context = click.Context(group, info_name="biot-plugin")
    parts = [HEADING]
    for heading, names in headings.items():
        parts.append(f"## {heading}\n")
        for name in names:
            command = group.get_command(context, name)
            if command is not None:
                parts += _sections(command, context, name)
    return "\n".join(parts)


def _sections(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield f"### {context.command_path} {{ #{context.command_path.removeprefix('biot-plugin ').replace(' ', '-')} }}\n"
    yield code_block(f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}", "text")
    yield from _paragraphs(command.help or "")
    records = [record for param in command.get_params(context) if (record := param.get_help_record(context))]
    if records:
        rows = [f"| `{cell(term)}` | {cell(text)} |" for term, text in records]
        yield "\n".join(["| option | meaning |", "| --- | --- |", *rows, ""])
    yield from _paragraphs(command.epilog or "")
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            subcommand = command.get_command(context, below)
            if subcommand is not None:
                yield from _sections(subcommand, context, below)


def _paragraphs(text: str) -> Iterator[str]:
    r"""Paragraphs of click's help; those that begin with ``\b`` keep their lines."""
    for paragraph in text.strip().split("\n\n"):
        lines = paragraph.splitlines()
        if lines and lines[0].strip() == "\b":
            first, *others = lines[1:]
            if first.endswith(":"):
                yield f"{first}\n"
            else:
                others = [first, *others]
            yield code_block("\n".join(line.removeprefix("  ") for line in others), "text")
        elif lines:
            yield " ".join(line.strip() for line in lines) + "\n"
