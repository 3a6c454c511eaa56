"""``biot-plugin inspect --html``: one page that needs nothing but itself. It has no script and may load nothing."""

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
"""Files in the list at the end."""

_NATIVE = re.compile(r".+\.(?:so(?:\.\d+)*|node)")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_page(seen: Inspection, file: Path) -> None:
    """Write the page, whole or not at all.

    Raises:
        PackagingError: It cannot be written.
    """
    with atomic_file(file) as stream:
        stream.write(render_page(seen, licences_beside(seen)).encode("utf-8", "replace"))


def licences_beside(seen: Inspection) -> dict[str, str]:
    """Label of a package -> licence, from the SBOM beside the artifact if it is the artifact's own."""
    try:
        sbom = read_sbom_file(evidence_files(seen.artifact.file)["sbom"])
    except VerificationError:
        return {}  # an artifact without its evidence can be looked at all the same; the page then says "unknown"
    if sbom.artifact_sha256 != seen.artifact.sha256:
        return {}
    return {f"{one.name} {one.version}": one.licence for one in sbom.components if not one.inside}


def render_page(seen: Inspection, licences: Mapping[str, str]) -> str:
    """The page.

    Args:
        seen: The artifact.
        licences: Label of a package -> licence.
    """
    artifact = seen.artifact
    name = printable_html(artifact.file.name)
    told = (
        f"{readable(artifact.size)} ({artifact.size:,} bytes), {artifact.entries:,} files, "
        f"{readable(artifact.unpacked_size)} unpacked, {len(seen.packages)} packages"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{name}: what is inside</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{name}</h1>
<p>{told}</p>
<dl><dt>sha256</dt><dd>{artifact.sha256}</dd>
<dt>tree</dt><dd>{artifact.tree_digest.removeprefix("sha256:")}</dd></dl>
</header>
<main>
{_sections(seen, licences)}
</main>
</body>
</html>
"""


def _sections(seen: Inspection, licences: Mapping[str, str]) -> str:
    files = files_by_package(seen.packages, seen.files)
    wide = draw(seen.packages, files, width=1200, height=620)
    narrow = draw(seen.packages, files, width=370, height=560)
    return f"""<section><h2>Sizes in the ZIP</h2>
<div class="wide">{wide}</div>
<div class="narrow">{narrow}</div></section>
<section><h2>Packages</h2>
{_package_table(seen.packages, files, licences)}</section>
<section id="cold-start"><h2>Cold start</h2>
{cold_start(seen, files)}</section>
<section><h2>Largest files</h2>
{_file_table(seen.files[:LARGEST])}</section>"""


def files_by_package(rows: Sequence[PackageRow], files: Sequence[FileRow]) -> dict[str, list[FileRow]]:
    """Label of a package -> its files, in the order of ``files``."""
    owners = {path.rstrip("/"): row.label for row in rows for path in row.paths}
    found: dict[str, list[FileRow]] = {}
    for file in files:
        places = (*folders_of(file.path), file.path)
        label = next((owners[place] for place in reversed(places) if place in owners), "")
        found.setdefault(label, []).append(file)
    return found


def _package_table(
    rows: Sequence[PackageRow], files: Mapping[str, Sequence[FileRow]], licences: Mapping[str, str]
) -> str:
    heads = ("Package", "Version", "Licence", "Files", "Unpacked", "In the ZIP", "Native files")
    lines = []
    for one in rows:
        natives = [file.path for file in files.get(one.label, ()) if _NATIVE.fullmatch(file.path)]
        licence = licences.get(one.label, "unknown") if one.name else "your own"
        cells = (one.name or one.label, one.version or NOTHING, licence, f"{one.files:,}")
        lines.append(row(heads, (*cells, readable(one.size), readable(one.packed_size)), folded(natives)))
    return table(heads, lines)


def _file_table(files: Sequence[FileRow]) -> str:
    heads = ("File", "Unpacked", "In the ZIP")
    return table(heads, [row(heads, (file.path, readable(file.size), readable(file.packed_size))) for file in files])
