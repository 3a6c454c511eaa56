"""``biot-plugin package``."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder import pipeline
from builder.cli.batch_output import many_options, show
from builder.cli.options import json_option, project_of, project_options, store_option
from builder.cli.output import (
    describe_packaged,
    describe_size,
    print_document,
    print_lines,
    print_problems,
    readable_size,
    table,
)
from builder.cli.progress_bar import TerminalProgress

if TYPE_CHECKING:
    from builder.cli.batch_output import Many
    from builder.pipeline import PackagedPlugin, Project

LARGEST = 5


@click.command(
    short_help="Write the ZIP that Lambda runs.",
    epilog="""\b
Examples:
  biot-plugin package               dist/<name>-<version>.zip and its evidence
  biot-plugin package -o build      into another folder
  biot-plugin package --json        for machines
  biot-plugin package --all         every plugin of this repository
  biot-plugin package --all --shard 2/4 plugins   second of four CI machines

\b
Packages come from the store (--store or BIOT_PLUGIN_STORE, else your cache
folder). What is not there yet is fetched by its hash with pip or npm and your
own index settings. A store s3://BUCKET/PREFIX stands behind the folder and is
asked first: your AWS settings count, and the build goes on without it when it
fails. BIOT_PLUGIN_SIGNING_KEY names an Ed25519 key (a PEM file) that
signs the provenance.
""",
)
@project_options
@click.option(
    "output", "--output", "-o", type=click.Path(file_okay=False, path_type=Path), help="Folder for the artifact. [dist]"
)
@many_options
@store_option
@json_option
def command(folder: Path, environment: str | None, output: Path | None, *, many: Many | None, as_json: bool) -> int:
    """Write the ZIP that Lambda runs: the same bytes on every machine.

    Checks the manifest and the handler, takes the locked packages for the runtime, and splices them with the
    plugin's own files. A second run with nothing changed writes nothing. Native code that would not load on the
    runtime is an error that names the package and the way out.

    With --all, what is wrong with one plugin does not stop the others; the exit code is the worst of all.
    """
    if many is not None:
        return _package_all(many, project_of(many.root, environment), output, as_json=as_json)
    progress = TerminalProgress(quiet=as_json)
    try:
        packaged = pipeline.package(project_of(folder, environment), progress, output=output)
    finally:
        progress.close()
    if as_json:
        print_document(describe_packaged(packaged))
        return 0
    print_problems(packaged.warnings)
    print_lines(_summary(packaged))
    return 0


def _package_all(many: Many, pattern: Project, output: Path | None, *, as_json: bool) -> int:
    from builder.batch import find_plugins, package_all
    from builder.dependencies import open_store

    plugins = many.shard.of(find_plugins(many.root))
    progress = TerminalProgress(quiet=as_json)
    try:
        projects = [replace(pattern, start=folder) for folder in plugins]
        results = package_all(projects, open_store(pattern.store), progress, output=output)
    finally:
        progress.close()
    return show(many, results, as_json=as_json)


def _summary(packaged: PackagedPlugin) -> list[str]:
    artifact = packaged.artifact
    file = shortest(artifact.file)
    if packaged.unchanged:
        return [f"{file} is up to date ({readable_size(artifact.size)}, sha256 {artifact.sha256[:16]}…)"]
    own = [row for row in packaged.packages if not row.name]  # always shown, however small
    packages = sorted((row for row in packaged.packages if row.name), key=lambda row: -row.packed_size)
    rows = [("package", "files", "unpacked", "in the ZIP")]
    rows += [
        (row.label, str(row.files), readable_size(row.size), readable_size(row.packed_size))
        for row in (*own, *packages[:LARGEST])
    ]
    if rest := packages[LARGEST:]:
        rows.append(
            (
                f"{len(rest)} more",
                str(sum(row.files for row in rest)),
                readable_size(sum(row.size for row in rest)),
                readable_size(sum(row.packed_size for row in rest)),
            )
        )
    return [
        *table(rows, right=(1, 2, 3)),
        "",
        file,
        f"  {describe_size(artifact)}",
        f"  sha256 {artifact.sha256}",
        f"  tree   {artifact.tree_digest.removeprefix('sha256:')}",
        *(f"  {line}" for line in packaged.advice),
    ]


def shortest(file: Path) -> str:
    """The path as seen from here, or the whole path where that is shorter (or on another drive)."""
    try:
        return min(os.path.relpath(file), str(file), key=len)
    except ValueError:
        return str(file)
