"""``biot-plugin inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder import pipeline
from builder.cli.options import json_option
from builder.cli.output import package_table, print_document, print_lines, readable_size, size_summary, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.evidence.inspection.contents import Inspection, LayerRow

_SHOWN_DIGEST = 16


@click.command(
    short_help="Show the contents of an artifact by package and size.",
    epilog="""\b
Examples:
  biot-plugin inspect dist/my-plugin-1.zip
  biot-plugin inspect --files 30 dist/my-plugin-1.zip   the 30 largest files
  biot-plugin inspect --html page.html dist/my-plugin-1.zip   as a web page
  biot-plugin inspect --json dist/my-plugin-1.zip
  biot-plugin inspect dist/my-plugin-1.oci   an image, with its layers
""",
)
@click.argument("artifact", type=click.Path(exists=True, path_type=Path))
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
    lines = [
        f"{artifact}: {size_summary(inspection.artifact)}",
        f"sha256 {inspection.artifact.sha256}",
        f"tree   {inspection.artifact.tree_digest.removeprefix('sha256:')}",
        "",
        *package_table(inspection.packages, packed=not inspection.layers),
        *(["", *_layer_table(inspection.layers)] if inspection.layers else []),
    ]
    if largest and inspection.files:
        lines += ["", *_file_table(inspection, largest)]
    if page is not None:
        lines += ["", f"Web page: {page}"]
    print_lines(lines)


def _file_table(inspection: Inspection, largest: int) -> list[str]:
    columns = 2 if inspection.layers else 3  # an image compresses the files of a layer together
    rows = [("largest files", "unpacked", "in the ZIP")[:columns]]
    rows += [
        (file.path, readable_size(file.size), readable_size(file.packed_size))[:columns]
        for file in inspection.files[:largest]
    ]
    return table(rows, right=(1, 2))


def _layer_table(layers: Sequence[LayerRow]) -> list[str]:
    rows = [("layer", "digest", "files", "compressed")]
    rows += [
        (
            layer.label,
            layer.digest.removeprefix("sha256:")[:_SHOWN_DIGEST],
            "" if layer.is_base else str(layer.files),
            readable_size(layer.size),
        )
        for layer in layers
    ]
    note = "The layers of the base image are not in the folder: a registry has them."
    return [*table(rows, right=(2, 3)), *([note] if any(layer.is_base for layer in layers) else [])]
