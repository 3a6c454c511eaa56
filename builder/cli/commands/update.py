"""``biot-plugin update``."""

from __future__ import annotations

from pathlib import Path

import click

import scaffold
from builder.cli.options import answers_option, json_option
from builder.cli.output import print_document, print_problems, print_text
from builder.errors import Problem, Severity


@click.command(
    short_help="Update a plugin repository to a newer kit.",
    epilog="""\b
Examples:
  biot-plugin update                              to the newest kit
  biot-plugin update --ref :current: -d 'hooks=[notification]'
""",
)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@answers_option
@click.option("--ref", metavar="TAG", help="Tag, branch or commit of the kit. :current: keeps the version.")
@click.option("--defaults", is_flag=True, help="Use the default for every new question.")
@json_option
def command(folder: Path, answers: dict[str, object], *, ref: str | None, defaults: bool, as_json: bool) -> None:
    """Update a plugin repository to a newer kit, and keep what you wrote.

    Your perform files never change. If you and the kit changed the same lines, the command writes conflict markers
    into the files and lists them as an error.
    """
    result = scaffold.update(folder.resolve(), ref=ref, answers=answers, defaults=defaults)
    if as_json:
        print_document(
            {
                "status": "done",
                "folder": str(result.folder),
                "from": result.before,
                "to": result.after,
                "changed": list(result.changed),
                "deleted": list(result.deleted),
                "reset": list(result.reset),
            }
        )
        return
    print_problems(
        Problem(
            message=f"The new version no longer accepts your answer to {question!r}; it has the default now.",
            hint=f"Look at `git diff`, and answer again with `-d {question}=…`.",
            code="reset-answer",
            severity=Severity.WARNING,
        )
        for question in result.reset
    )
    if not result.changed:
        print_text(f"Already up to date: {result.folder} has version {result.after} of the kit.")
        return
    print_text(
        f"Updated {result.folder} from version {result.before} of the kit to {result.after}. "
        f"Files changed: {len(result.changed)}, of which deleted: {len(result.deleted)}. "
        "Review `git diff`, then run tox."
    )
