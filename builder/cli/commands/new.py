"""``biot-plugin new``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

import scaffold
from builder.cli.options import answers_option, json_option
from builder.cli.output import print_document, print_lines


@click.command(
    short_help="Start a plugin repository.",
    epilog="""\b
Examples:
  biot-plugin new my-plugin               asks a few questions
  biot-plugin new my-plugin --defaults    asks nothing
  biot-plugin new my-plugin -d language=javascript -d 'hooks=[notification]'
  biot-plugin new my-plugins -d layout=many    a repository for many plugins
""",
)
@click.argument("destination", type=click.Path(file_okay=False, path_type=Path))
@answers_option
@click.option("--defaults", is_flag=True, help="Use the default for every question that --data does not answer.")
@click.option("--source", metavar="URL", help="Git URL or folder of the kit. Default: the source of the installed kit.")
@click.option("--ref", metavar="TAG", help="Tag, branch or commit of the kit. Default: the installed version.")
@json_option
def command(  # noqa: PLR0913 - one parameter per option of the command line
    destination: Path, answers: dict[str, object], *, defaults: bool, source: str | None, ref: str | None, as_json: bool
) -> None:
    """Start a plugin repository in the folder DESTINATION, with a sample flow, tests, packaging and CI.

    With -d layout=many it is a repository for many plugins, which are then created in its folder plugins.
    """
    result = scaffold.new(destination, answers=answers, defaults=defaults, source=source, ref=ref)
    if as_json:
        print_document(
            {"status": "done", "folder": str(result.folder), "version": result.version, "files": list(result.files)}
        )
        return
    print_lines(_next_steps(result))


def _packaging_steps(result: scaffold.NewResult) -> list[str]:
    if result.answers.get("package_type", "zip") == "zip":
        return ["  tox -e package        write the ZIP for BioT to dist/"]
    lock = ["  tox -e lock           pin the base image; commit image.lock"]
    without_lock = result.answers.get("package_type") == "dockerfile"
    return [*([] if without_lock else lock), "  tox -e package        write the image for BioT to dist/"]


def _steps_with_one_plugin(result: scaffold.NewResult) -> list[str]:
    return [
        '  git init && git add -A && git commit -m "Start"',
        "  tox                   check style and types, run tests (python3 -m pip install tox)",
        *_packaging_steps(result),
        "",
        "Write your code in src/plugin/perform/. README.md explains the rest.",
    ]


def _steps_with_many_plugins() -> list[str]:
    return [
        "  biot-plugin new plugins/NAME -d ci=none     a plugin; the CI is the repository's",
        '  git init && git add -A && git commit -m "Start"',
        "  tox                   run the tests of every plugin (python3 -m pip install tox)",
        "  tox -e package        write the artifact of every plugin to its dist/",
        "",
        "README.md explains the rest.",
    ]


def _next_steps(result: scaffold.NewResult) -> list[str]:
    lines = [
        f"{len(result.files)} files in {result.folder}, from version {result.version} of the kit.",
        "",
        f"  cd {shlex.quote(str(result.folder))}",
        *(_steps_with_many_plugins() if result.answers.get("layout") == "many" else _steps_with_one_plugin(result)),
    ]
    if result.local_requirement:
        lines += [
            "",
            "Note: tox.ini installs the kit from a folder on this machine:",
            f"  {result.local_requirement}",
            "CI and colleagues do not have it. Before you push, write a requirement under",
            "[kit] in tox.ini that every machine can install, such as",
            "  biot-plugin-kit @ git+https://HOST/biot-plugin-kit@TAG",
        ]
    return lines
