"""``biot-plugin inspect``."""

from __future__ import annotations

from pathlib import Path

import click

from builder import pipeline
from builder.cli.options import json_option
from builder.cli.output import describe_size, print_document, print_lines, readable_size, shorten, table

NAME_WIDTH = 40


@click.command(
    short_help="Show what is inside an artifact.",
    epilog="""\b
Examples:
  biot-plugin inspect dist/my-plugin-1.zip
  biot-plugin inspect --files 30 dist/my-plugin-1.zip   the 30 largest files
  biot-plugin inspect --html page.html dist/my-plugin-1.zip   for a browser
  biot-plugin inspect --json dist/my-plugin-1.zip
""",
)
@click.argument("artifact", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "largest", "--files", type=click.IntRange(0), default=10, show_default=True, help="How many files to list."
)
@click.option(
    "page",
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also draw it: one page that needs no network and no script.",
)
@json_option
def command(artifact: Path, largest: int, page: Path | None, *, as_json: bool) -> None:
    """Show what is inside an artifact, by package and by size."""
    seen = pipeline.inspect(artifact.resolve())
    if page is not None:
        from builder.evidence.inspection.page import write_page

        write_page(seen, page.absolute())
    if as_json:
        print_document({"status": "ok", **({"html": str(page.absolute())} if page else {}), **seen.describe()})
        return
    packages = [("package", "files", "unpacked", "in the ZIP")]
    packages += [
        (shorten(row.label, NAME_WIDTH), str(row.files), readable_size(row.size), readable_size(row.packed_size))
        for row in seen.packages
    ]
    lines = [
        f"{artifact}: {describe_size(seen.artifact)}",
        f"sha256 {seen.artifact.sha256}",
        f"tree   {seen.artifact.tree_digest.removeprefix('sha256:')}",
        "",
        *table(packages, right=(1, 2, 3)),
    ]
    if largest and seen.files:
        files = [("largest files", "unpacked", "in the ZIP")]
        files += [
            (shorten(file.path, NAME_WIDTH + 8), readable_size(file.size), readable_size(file.packed_size))
            for file in seen.files[:largest]
        ]
        lines += ["", *table(files, right=(1, 2))]
    if page is not None:
        lines += ["", f"Drawn in {page}"]
    print_lines(lines)
