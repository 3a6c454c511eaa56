"""``biot-plugin inspect``."""

from __future__ import annotations

from pathlib import Path

import click

from builder import pipeline
from builder.cli.options import json_option
from builder.cli.output import print_document, print_lines, readable_size, size_summary, table


@click.command(
    short_help="Show the contents of an artifact by package and size.",
    epilog="""\b
Examples:
  biot-plugin inspect dist/my-plugin-1.zip
  biot-plugin inspect --files 30 dist/my-plugin-1.zip   the 30 largest files
  biot-plugin inspect --html page.html dist/my-plugin-1.zip   as a web page
  biot-plugin inspect --json dist/my-plugin-1.zip
""",
)
@click.argument("artifact", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "largest",
    "--files",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="Number of the largest files to list.",
)
@click.option(
    "page",
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a web page with a drawing. It needs no network and no scripts.",
)
@json_option
def command(artifact: Path, largest: int, page: Path | None, *, as_json: bool) -> None:
    """Show the contents of an artifact by package and by size."""
    inspection = pipeline.inspect(artifact.resolve())
    if page is not None:
        from builder.evidence.inspection.page import write_page

        write_page(inspection, page.absolute())
    if as_json:
        print_document({"status": "ok", **({"html": str(page.absolute())} if page else {}), **inspection.describe()})
        return
    packages = [("package", "files", "unpacked", "in the ZIP")]
    packages += [
        (row.label, str(row.files), readable_size(row.size), readable_size(row.packed_size))
        for row in inspection.packages
    ]
    lines = [
        f"{artifact}: {size_summary(inspection.artifact)}",
        f"sha256 {inspection.artifact.sha256}",
        f"tree   {inspection.artifact.tree_digest.removeprefix('sha256:')}",
        "",
        *table(packages, right=(1, 2, 3)),
    ]
    if largest and inspection.files:
        files = [("largest files", "unpacked", "in the ZIP")]
        files += [
            (file.path, readable_size(file.size), readable_size(file.packed_size))
            for file in inspection.files[:largest]
        ]
        lines += ["", *table(files, right=(1, 2))]
    if page is not None:
        lines += ["", f"Web page: {page}"]
    print_lines(lines)
