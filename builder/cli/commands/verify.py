"""``biot-plugin verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder import pipeline
from builder.cli.options import json_option, project_of, project_options, store_option
from builder.cli.output import print_document, print_lines, size_summary, table
from builder.cli.progress_bar import TerminalProgress
from builder.errors import VerificationError

if TYPE_CHECKING:
    from builder.verification import VerificationResult

SHOWN_DIFFERENCES = 50


@click.command(
    short_help="Verify an artifact against its report and sources.",
    epilog="""\b
Examples:
  biot-plugin verify dist/my-plugin-1.zip            compare with its report
  biot-plugin verify --rebuild dist/my-plugin-1.zip  and with its sources
  biot-plugin verify --json dist/my-plugin-1.zip     print JSON
  biot-plugin verify --rebuild dist/my-plugin-1.oci  an image

\b
Kinds of difference: content, mode, missing, extra, order, header, bytes,
compressor (in the artifact), report (in its report), lock (a package differs
from the lock).
""",
)
@click.argument("artifact", type=click.Path(exists=True, path_type=Path))
@click.option(
    "rebuild", "--rebuild", is_flag=True, help="Build the artifact again from sources and lock, and compare every path."
)
@project_options
@store_option
@json_option
def command(artifact: Path, folder: Path, environment: str | None, *, rebuild: bool, as_json: bool) -> int:
    """Verify that an artifact matches its build report and, with --rebuild, its sources.

    The ZIP is read strictly: anything that different programs would read differently is an error. So is everything in
    an image that the kit does not write. Every path that differs is listed with the reason. Exit code 7 if there is a
    difference.
    """
    progress = TerminalProgress(quiet=as_json)
    try:
        project = project_of(folder, environment) if rebuild else None
        verified = pipeline.verify(artifact.resolve(), project, progress)
    finally:
        progress.close()
    if as_json:
        print_document(_document(verified))
    else:
        print_lines(_text(artifact, verified))
    return VerificationError.exit_code if verified.differences else 0


def _document(verified: VerificationResult) -> dict[str, object]:
    return {
        "status": "different" if verified.differences else "ok",
        "exitCode": VerificationError.exit_code if verified.differences else 0,
        "artifact": str(verified.artifact.file),
        "sha256": verified.artifact.sha256,
        "treeDigest": verified.artifact.tree_digest,
        "rebuilt": verified.rebuilt,
        "hasReport": bool(verified.report),
        "differences": [
            {"kind": difference.kind.value, "path": difference.path, "detail": difference.detail}
            for difference in verified.differences
        ],
    }


def _text(artifact: Path, verified: VerificationResult) -> list[str]:
    compared = (("its report", bool(verified.report)), ("its sources, built again", verified.rebuilt))
    references = " and ".join(name for name, is_compared in compared if is_compared) or "the form that the kit writes"
    head = f"{artifact}: {size_summary(verified.artifact)}"
    if not verified.differences:
        return [
            head,
            f"sha256 {verified.artifact.sha256}",
            f"tree   {verified.artifact.tree_digest.removeprefix('sha256:')}",
            f"Equal to {references}, byte for byte.",
        ]
    rows = [("kind", "path", "difference")]
    rows += [(one.kind.value, one.path or "-", one.detail) for one in verified.differences[:SHOWN_DIFFERENCES]]
    more = len(verified.differences) - SHOWN_DIFFERENCES
    return [
        head,
        "",
        *table(rows, flexible=(1,)),
        *([f"{more} more: --json lists all."] if more > 0 else []),
        "",
        f"Differences from {references}: {len(verified.differences)}. Find out why before you ship the artifact.",
    ]
