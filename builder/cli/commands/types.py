"""``biot-plugin types``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder import manifest as manifests
from builder.archive.atomic_files import atomic_file
from builder.cli.connection_options import connect, select_environment
from builder.cli.options import current_day, json_option, project_options
from builder.cli.output import print_document, print_lines, print_text
from builder.cli.printing.release_output import CHANGES_EXIT
from builder.errors import ProjectError
from builder.publishing.remote.fetched_templates import fetch_custom_attributes
from sandbox.entities.type_declarations.declaration import declare_types
from sandbox.entities.type_declarations.python_module import python_module
from sandbox.entities.type_declarations.typescript_module import typescript_module

if TYPE_CHECKING:
    from pathlib import Path

    from builder.platform.entity_apis import CustomAttribute

_FILES = {"python": "plugin/entities.py", "nodejs": "plugin/entities.d.ts"}
"""Where the templates have the types of entities, below the build root, by language."""


@click.command(
    short_help="Write the types of an environment's entities.",
    epilog="""\b
Examples:
  biot-plugin types -e dev          with the custom attributes of dev
  biot-plugin types -e dev --check  exit code 10 if the file differs
  biot-plugin types                 what every environment has

\b
Exit codes: 0 written, or no difference, 10 differences with --check, 8 BioT
did not answer.
""",
)
@project_options
@click.option("--check", is_flag=True, help="Write nothing; show the differences and end with exit code 10.")
@json_option
def command(folder: Path, environment: str | None, *, check: bool, as_json: bool) -> int:
    """Write the types of BioT's entities for the type checker: src/plugin/entities.py, or entities.d.ts.

    With an environment, the custom attributes of its templates become fields. An entity has only those of its own
    template, so any of them can be missing.
    """
    language, file = _types_file(folder)
    custom = _fetch(folder, environment, as_json=as_json) if environment else ()
    types = declare_types(custom, environment or "")
    text = python_module(types) if language == "python" else typescript_module(types)
    before = file.read_text("utf-8") if file.is_file() else ""
    if text != before and not check:
        with atomic_file(file) as stream:
            stream.write(text.encode())
    code = CHANGES_EXIT if check and text != before else 0
    names = sorted({one.name for one in custom})
    if as_json:
        status = "nothing-to-do" if text == before else "changes" if check else "done"
        print_document({"status": status, "exitCode": code, "file": str(file), "customAttributes": names})
    elif text == before:
        print_text(f"{file} is up to date.")
    elif check:
        print_lines(_difference(before, text, file))
    else:
        added = f" with the custom attributes of {environment}: {', '.join(names) or 'none'}" if environment else ""
        print_text(f"Wrote {file}{added}.")
    return code


def _types_file(folder: Path) -> tuple[str, Path]:
    """The language of a plugin, and its file of types, which need not exist yet.

    Raises:
        ProjectError: The plugin has no flow of the templates, which the types belong to.
    """
    from builder.platform.runtimes import RUNTIMES

    manifest = manifests.load(manifests.find_manifest(folder.resolve()), today=current_day()).manifest
    runtime = RUNTIMES.get(manifest.plugin.runtime or "")
    name = _FILES[runtime.language] if runtime else ""
    file = manifest.file.parent / manifest.build.root / name
    if runtime is None or not file.parent.is_dir():
        message = (
            f"{manifest.plugin.name} has no folder {manifest.build.root}/plugin, so there is no place for the types."
        )
        hint = "The command is for plugins that `biot-plugin new` has started, in Python or JavaScript."
        raise ProjectError(message, hint=hint)
    return runtime.language, file


def _fetch(folder: Path, environment: str, *, as_json: bool) -> tuple[CustomAttribute, ...]:
    with connect(select_environment(folder, environment), as_json=as_json) as client:
        return fetch_custom_attributes(client)


def _difference(before: str, after: str, file: Path) -> list[str]:
    from difflib import unified_diff

    lines = unified_diff(before.splitlines(), after.splitlines(), file.name, f"{file.name} of the environment", n=1)
    return [line.rstrip("\n") for line in lines]
