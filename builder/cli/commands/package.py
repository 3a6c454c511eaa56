"""``biot-plugin package``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.image_options import copy_image, copy_options, requested_copies
from builder.cli.options import current_day, json_option, project_of, project_options, store_location, store_option
from builder.cli.output import (
    describe_packaged,
    package_table,
    print_document,
    print_lines,
    print_problems,
    print_text,
    readable_size,
    size_summary,
)
from builder.cli.printing.batch_output import PluginsToPackage, batch_options, show_results, show_selected
from builder.cli.progress_bar import TerminalProgress
from builder.host.store_location import store_folder
from builder.last_build import BuildRequest, LastBuild, SharedListings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.archive.package_sizes import PackageRow
    from builder.cli.printing.batch_output import PluginSelection
    from builder.last_build import RecordedBuild
    from builder.stages import PackagedPlugin, Project

LISTED_PACKAGES = 5


@click.command(
    short_help="Build the ZIP or image that Lambda runs.",
    epilog="""\b
Examples:
  biot-plugin package               write dist/<name>-<version>.zip, or .oci
  biot-plugin package -o build      write to another folder
  biot-plugin package --json        print JSON
  biot-plugin package --archive     also write an image for `docker load`
  biot-plugin package --all         package every plugin below this folder
  biot-plugin package --all --shard 2/4 plugins   on the second of 4 machines
  biot-plugin package --all --since origin/main   only what changed since then
  biot-plugin package --all --since origin/main --dry-run --json
                                    list it for a pipeline, and build nothing

\b
Packages come from the store: --store, else BIOT_PLUGIN_STORE, else your cache
folder. A missing package is downloaded by its hash with pip or npm, from the
index in your settings. With --store s3://BUCKET/PREFIX the bucket is asked
first, with your AWS settings; if it fails, the build continues without it.

\b
Set BIOT_PLUGIN_SIGNING_KEY to an Ed25519 key (a PEM file) to sign the
provenance.
""",
)
@project_options
@click.option(
    "output",
    "--output",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the artifact. Default: dist beside plugin.toml.",
)
@copy_options
@batch_options
@store_option
@json_option
def command(
    folder: Path, environment: str | None, output: Path | None, *, selection: PluginSelection | None, as_json: bool
) -> int:
    """Build the ZIP or the container image that Lambda runs, with the same bytes on every machine.

    The command checks plugin.toml and the code, joins the locked packages with the plugin's own files, and writes the
    evidence (SBOM, SOUP list, provenance, build report) beside the ZIP. If nothing changed, it writes nothing. Native
    code that would not load on the Lambda runtime is an error that names the package.

    For an IMAGE plugin, the artifact is a folder with an OCI layout: a layer for each package, a layer for the own
    files, and the base image that image.lock pins, without the base's layers. No Docker is needed.

    With --all, a problem of one plugin does not stop the others. The exit code is the highest of all plugins.

    With --since REV, a plugin counts as changed when git finds other content than in REV in its own files, its shared
    folders, its lock, its manifest, or in the lines that name the kit's version. --shard divides the changed plugins.
    """
    if selection is not None and requested_copies():
        message = "--archive and --load are for one plugin, not for --all."
        raise click.UsageError(message)
    if selection is not None:
        return _package_all(selection, project_of(selection.root, environment), output, as_json=as_json)
    listings = SharedListings()
    if (
        not as_json
        and not requested_copies()
        and (last_build := _find_last_build(folder, environment, output, listings)) is not None
    ):
        print_problems(last_build.warnings)
        print_text(_up_to_date(last_build.artifact, last_build.size, last_build.sha256))
        return 0
    from builder import pipeline  # takes longer to load than `_find_last_build` takes

    progress = TerminalProgress(quiet=as_json)
    try:
        packaged = pipeline.package(project_of(folder, environment), progress, output=output, listings=listings)
        copies = copy_image(packaged.artifact.file, store_location())
    finally:
        progress.close()
    if as_json:
        print_document({**describe_packaged(packaged), **({"copies": copies} if copies else {})})
        return 0
    print_problems(packaged.warnings)
    print_lines([*_summary(packaged), *_copied(copies)])
    return 0


def _find_last_build(
    start: Path, environment: str | None, output: Path | None, listings: SharedListings
) -> RecordedBuild | None:
    """The last build of the plugin in a folder, if nothing has changed since."""
    folder = start.resolve()
    if folder.name == "plugin.toml":
        folder = folder.parent
    if not (folder / "plugin.toml").is_file():
        return None  # it may be in a folder above
    request = BuildRequest(
        folder=folder, environment=environment, output=(output or folder / "dist").absolute(), today=current_day()
    )
    return LastBuild(store_folder(store_location(), os.environ), request, os.environ, listings).find()


def _package_all(selection: PluginSelection, pattern: Project, output: Path | None, *, as_json: bool) -> int:
    from msgspec.structs import replace

    from builder.batch import (
        ChangedPlugin,
        find_changed_plugins,
        find_last_builds,
        find_plugins,
        locked_packages,
        package_all,
    )
    from builder.dependencies import open_store

    projects = [replace(pattern, start=folder) for folder in find_plugins(selection.root)]
    compared = find_changed_plugins(projects, selection.root, selection.since) if selection.since else None
    listed = compared.plugins if compared else [ChangedPlugin(project=project, inputs=()) for project in projects]
    alike = [locked_packages(plugin.project.start) for plugin in listed]
    share = selection.shard.of(listed, alike)
    selected = PluginsToPackage(selection=selection, plugins=share, compared=compared)
    if selection.dry_run:
        return show_selected(selected, as_json=as_json)
    projects = [plugin.project for plugin in selected.plugins]
    # A document has every report, and in one folder of artifacts two plugins can have the same target.
    records = [None] * len(projects) if as_json or output else find_last_builds(projects)
    pending = [project for project, record in zip(projects, records, strict=True) if record is None]
    progress = TerminalProgress(quiet=as_json)
    try:
        packaged = iter(package_all(pending, open_store(pattern.store), progress, output=output) if pending else ())
    finally:
        progress.close()
    return show_results(selected, [record or next(packaged).result for record in records], as_json=as_json)


def _summary(packaged: PackagedPlugin) -> list[str]:
    artifact = packaged.artifact
    file = shortest(artifact.file)
    if packaged.unchanged:
        return [_up_to_date(artifact.file, artifact.size, artifact.sha256)]
    own = [row for row in packaged.packages if not row.name]  # listed however small
    packages = sorted((row for row in packaged.packages if row.name), key=lambda row: -row.packed_size)
    rows = [*own, *packages[:LISTED_PACKAGES]]
    if rest := packages[LISTED_PACKAGES:]:
        rows.append(_total(rest))
    return [
        *package_table(rows, packed="image" not in packaged.report),
        "",
        file,
        f"  {size_summary(artifact)}",
        f"  sha256 {artifact.sha256}",
        f"  tree   {artifact.tree_digest.removeprefix('sha256:')}",
        *(f"  {line}" for line in packaged.advice),
    ]


def _copied(copies: dict[str, str]) -> list[str]:
    lines = [f"Written for other tools: {shortest(Path(copies['archive']))}"] if "archive" in copies else []
    return [*lines, *([f"Loaded into the Docker engine: {copies['load']}"] if "load" in copies else [])]


def _total(rest: Sequence[PackageRow]) -> PackageRow:
    """The packages that are not listed, as one row."""
    from builder.archive.package_sizes import PackageRow

    return PackageRow(
        name=f"{len(rest)} more",
        version="",
        files=sum(row.files for row in rest),
        size=sum(row.size for row in rest),
        packed_size=sum(row.packed_size for row in rest),
    )


def _up_to_date(artifact: Path, size: int, sha256: str) -> str:
    return f"{shortest(artifact)} is up to date ({readable_size(size)}, sha256 {sha256[:16]}…)"


def shortest(file: Path) -> str:
    """The path relative to the current folder, or the absolute path if that is shorter or on another drive."""
    try:
        return min(os.path.relpath(file), str(file), key=len)
    except ValueError:
        return str(file)
