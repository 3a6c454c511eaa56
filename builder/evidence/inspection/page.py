"""``biot-plugin inspect --html``: one self-contained page, which has no script and loads nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.archive.atomic_files import atomic_file
from builder.archive.entry_paths import folders_of
from builder.errors import VerificationError
from builder.evidence.checksums import evidence_files
from builder.evidence.inspection.cold_start_section import cold_start
from builder.evidence.inspection.drawing import draw
from builder.evidence.inspection.page_style import STYLE
from builder.evidence.inspection.page_tables import NOTHING, folded, readable, row, table
from builder.evidence.sbom.sbom_reader import read_sbom_file
from builder.quoting import printable_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from builder.archive.package_sizes import PackageRow
    from builder.evidence.inspection.contents import FileRow, Inspection

LARGEST = 50
"""Number of files in the list at the end."""

_NATIVE = re.compile(r".+\.(?:so(?:\.\d+)*|node)")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_page(inspection: Inspection, file: Path) -> None:
    """Write the page.

    Raises:
        PackagingError: It cannot be written.
    """
    with atomic_file(file) as stream:
        stream.write(render_page(inspection, licences_beside(inspection)).encode("utf-8", "replace"))


def licences_beside(inspection: Inspection) -> dict[str, str]:
    """Label of a package -> licence, from the SBOM beside the artifact if it belongs to the artifact."""
    try:
        sbom = read_sbom_file(evidence_files(inspection.artifact.file)["sbom"])
    except VerificationError:
        return {}  # an artifact without its evidence can be inspected too; the page then says "unknown"
    if sbom.artifact_sha256 != inspection.artifact.sha256:
        return {}
    return {
        f"{component.name} {component.version}": component.licence
        for component in sbom.components
        if not component.inside
    }


def render_page(inspection: Inspection, licences: Mapping[str, str]) -> str:
    """The page as HTML.

    Args:
        inspection: The artifact.
        licences: Label of a package -> licence.
    """
    artifact = inspection.artifact
    name = printable_html(artifact.file.name)
    summary = (
        f"{readable(artifact.size)} ({artifact.size:,} bytes), {artifact.entries:,} files, "
        f"{readable(artifact.unpacked_size)} unpacked, {len(inspection.packages)} packages"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{name}: contents</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{name}</h1>
<p>{summary}</p>
<dl><dt>sha256</dt><dd>{artifact.sha256}</dd>
<dt>tree</dt><dd>{artifact.tree_digest.removeprefix("sha256:")}</dd></dl>
</header>
<main>
{_sections(inspection, licences)}
</main>
</body>
</html>
"""


def _sections(inspection: Inspection, licences: Mapping[str, str]) -> str:
    files = files_by_package(inspection.packages, inspection.files)
    wide = draw(inspection.packages, files, width=1200, height=620)
    narrow = draw(inspection.packages, files, width=370, height=560)
    return f"""<section><h2>{"Sizes, unpacked" if inspection.layers else "Sizes in the ZIP"}</h2>
<div class="wide">{wide}</div>
<div class="narrow">{narrow}</div></section>
<section><h2>Packages</h2>
{_package_table(inspection.packages, files, licences)}</section>
<section id="cold-start"><h2>Cold start</h2>
{cold_start(inspection, files)}</section>
<section><h2>Largest files</h2>
{_file_table(inspection.files[:LARGEST])}</section>"""


def files_by_package(rows: Sequence[PackageRow], files: Sequence[FileRow]) -> dict[str, list[FileRow]]:
    """Label of a package -> its files, in the order of ``files``."""
    owners = {path.rstrip("/"): row.label for row in rows for path in row.paths}
    by_package: dict[str, list[FileRow]] = {}
    for file in files:
        places = (*folders_of(file.path), file.path)
        label = next((owners[place] for place in reversed(places) if place in owners), "")
        by_package.setdefault(label, []).append(file)
    return by_package


def _package_table(
    rows: Sequence[PackageRow], files: Mapping[str, Sequence[FileRow]], licences: Mapping[str, str]
) -> str:
    heads = ("Package", "Version", "Licence", "Files", "Unpacked", "In the ZIP", "Native files")
    lines = []
    for package in rows:
        natives = [file.path for file in files.get(package.label, ()) if _NATIVE.fullmatch(file.path)]
        licence = licences.get(package.label, "unknown") if package.name else "your own"
        cells = (package.name or package.label, package.version or NOTHING, licence, f"{package.files:,}")
        lines.append(row(heads, (*cells, readable(package.size), readable(package.packed_size)), folded(natives)))
    return table(heads, lines)


def _file_table(files: Sequence[FileRow]) -> str:
    heads = ("File", "Unpacked", "In the ZIP")
    return table(heads, [row(heads, (file.path, readable(file.size), readable(file.packed_size))) for file in files])
