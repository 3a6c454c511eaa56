"""``biot-plugin verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder import pipeline
from builder.cli.options import json_option, project_of, project_options, store_option
from builder.cli.output import describe_size, print_document, print_lines, shorten, table
from builder.cli.progress_bar import TerminalProgress
from builder.errors import VerificationError

if TYPE_CHECKING:
    from builder.verification import VerificationResult

PATH_WIDTH = 48
SHOWN = 50


@click.command(
    epilog="""\b
Examples:
  biot-plugin verify dist/my-plugin-1.zip            against its report
  biot-plugin verify --rebuild dist/my-plugin-1.zip  and against its source
  biot-plugin verify --json dist/my-plugin-1.zip     for machines

\b
Kinds of difference: content, mode, missing, extra, order, header, bytes,
compressor (the artifact), report (its report), lock (a package that the lock
pins otherwise).
"""
)
@click.argument("artifact", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("rebuild", "--rebuild", is_flag=True, help="Build again from source and lock, and compare every path.")
@project_options
@store_option
@json_option
def command(artifact: Path, folder: Path, environment: str | None, *, rebuild: bool, as_json: bool) -> int:
    """Check that an artifact is what its report, and with --rebuild its sources, say.

    The ZIP is read by a strict reader, which refuses what programs would read differently. Exit code 7 on any
    difference; every path that differs is named, with the reason.
    """
    progress = TerminalProgress(quiet=as_json)
    try:
        project = project_of(folder, environment) if rebuild else None
        seen = pipeline.verify(artifact.resolve(), project, progress)
    finally:
        progress.close()
    if as_json:
        print_document(_document(seen))
    else:
        print_lines(_text(artifact, seen))
    return VerificationError.exit_code if seen.differences else 0


def _document(seen: VerificationResult) -> dict[str, object]:
    return {
        "status": "different" if seen.differences else "ok",
        "exitCode": VerificationError.exit_code if seen.differences else 0,
        "artifact": str(seen.artifact.file),
        "sha256": seen.artifact.sha256,
        "treeDigest": seen.artifact.tree_digest,
        "rebuilt": seen.rebuilt,
        "reported": bool(seen.report),
        "differences": [{"kind": one.kind.value, "path": one.path, "detail": one.detail} for one in seen.differences],
    }


def _text(artifact: Path, seen: VerificationResult) -> list[str]:
    against = " and ".join(
        name for name, held in (("its report", bool(seen.report)), ("its sources, built again", seen.rebuilt)) if held
    )
    head = f"{artifact}: {describe_size(seen.artifact)}"
    if not seen.differences:
        return [
            head,
            f"sha256 {seen.artifact.sha256}",
            f"tree   {_hex(seen)}",
            f"Equal to {against}, byte for byte.",
        ]
    rows = [("kind", "path", "difference")]
    rows += [(one.kind.value, shorten(one.path, PATH_WIDTH) or "-", one.detail) for one in seen.differences[:SHOWN]]
    more = len(seen.differences) - SHOWN
    lines = [head, "", *table(rows), *([f"and {more} more: --json lists all"] if more > 0 else []), ""]
    against = against or "the form that the kit writes"
    lines.append(f"Differences from {against}: {len(seen.differences)}. Do not ship it before you know why.")
    return lines


def _hex(seen: VerificationResult) -> str:
    return seen.artifact.tree_digest.removeprefix("sha256:")
