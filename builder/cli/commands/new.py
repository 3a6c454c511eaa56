"""``biot-plugin new``."""

from __future__ import annotations

from pathlib import Path

import click

import scaffold
from builder.cli.options import answers_option, json_option
from builder.cli.output import print_document, print_text


@click.command(
    short_help="Start a plugin repository.",
    epilog="""\b
Examples:
  biot-plugin new my-plugin                          asks a few questions
  biot-plugin new my-plugin --defaults               asks none
  biot-plugin new my-plugin -d language=javascript -d 'hooks=[notification]'
""",
)
@click.argument("destination", type=click.Path(file_okay=False, path_type=Path))
@answers_option
@click.option("--defaults", is_flag=True, help="Take the default for every question that --data does not answer.")
@click.option(
    "--source", metavar="URL", help="Git URL or folder of the kit. Default: where this kit was installed from."
)
@click.option("--ref", metavar="TAG", help="Tag, branch or commit of the kit. Default: the installed version.")
@json_option
def command(  # noqa: PLR0913 - one parameter per option of the command line
    destination: Path, answers: dict[str, object], *, defaults: bool, source: str | None, ref: str | None, as_json: bool
) -> None:
    """Start a plugin repository in DESTINATION: sample flow, tests, packaging and CI."""
    result = scaffold.new(destination, answers=answers, defaults=defaults, source=source, ref=ref)
    if as_json:
        print_document(
            {"status": "done", "folder": str(result.folder), "version": result.version, "files": list(result.files)}
        )
        return
    print_text(f"{len(result.files)} files in {result.folder}, from the kit's version {result.version}.")
