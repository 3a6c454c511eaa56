"""The build report: an artifact's contents, and what built it. The same build writes the same bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import builder
from builder.archive.atomic_files import atomic_file
from builder.archive.compression import RECOMPRESS_LEVEL, compressor
from builder.archive.package_sizes import PackageRow
from builder.image.layout_files import artifact_stem
from builder.quoting import printable_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from builder.build_values import Artifact, Lock, LockedPackage
    from builder.manifest.model import Manifest

SCHEMA = 1
"""Version of the report's format; it grows when a field changes its meaning."""


def build_report(
    manifest: Manifest, lock: Lock, rows: Sequence[PackageRow], artifact: Artifact, *, inputs: str
) -> dict[str, object]:
    """The report of a written artifact, without times, paths or anything else of this machine.

    Args:
        manifest: The plugin.
        lock: The pinned packages.
        rows: Sizes by package.
        artifact: The written ZIP or image.
        inputs: ``inputs_digest`` of this build.
    """
    recompressor = {"recompressor": compressor(RECOMPRESS_LEVEL)} if manifest.build.recompress else {}
    locked = {f"{package.name} {package.version}": package for package in lock.packages}
    return {
        "schema": SCHEMA,
        "plugin": {
            "name": manifest.plugin.name,
            "version": manifest.plugin.version,
            "runtime": manifest.plugin.runtime,
            "handler": manifest.plugin.handler,
        },
        "artifact": {
            "file": artifact.file.name,
            "sha256": artifact.sha256,
            "treeDigest": artifact.tree_digest,
            "size": artifact.size,
            "unpackedSize": artifact.unpacked_size,
            "files": artifact.entries,
        },
        "packages": [_package(row, locked.get(row.label)) for row in rows],
        "inputs": inputs,
        "tools": {"biot-plugin-kit": builder.__version__, "compressor": compressor(), **recompressor},
    }


def report_file(artifact: Path) -> Path:
    """The path of an artifact's report: ``dist/a-1.report.json`` beside ``dist/a-1.zip`` or ``dist/a-1.oci``."""
    return artifact.with_name(f"{artifact_stem(artifact)}.report.json")


def write_report(report: Mapping[str, object], artifact: Path) -> Path:
    """Write the report beside the artifact.

    Returns:
        The report's file.

    Raises:
        PackagingError: It cannot be written.
    """
    file = report_file(artifact)
    text = printable_json(json.dumps(report, indent=2, ensure_ascii=False)) + "\n"
    with atomic_file(file) as stream:
        stream.write(text.encode())
    return file


def read_report(file: Path) -> Mapping[str, object] | None:
    """The report in a file; None when it is missing, damaged, or of another version of the format."""
    try:
        report = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return report if isinstance(report, dict) and report.get("schema") == SCHEMA else None


def report_rows(report: Mapping[str, object]) -> tuple[PackageRow, ...]:
    """The table by package in a report; empty when the kit did not write it."""
    rows = report.get("packages")
    try:
        return tuple(_row(row) for row in rows) if isinstance(rows, list) else ()
    except (KeyError, TypeError):
        return ()


def _package(row: PackageRow, package: LockedPackage | None) -> dict[str, object]:
    built = {"builtFromSource": package.source} if package is not None and package.source else {}
    return {
        "name": row.name,
        "version": row.version,
        "digest": package.digest if package is not None else "",
        **built,
        "files": row.files,
        "unpackedSize": row.size,
        "packedSize": row.packed_size,
        "paths": list(row.paths),
    }


def _row(document: Mapping[str, object]) -> PackageRow:
    counts = [document[key] for key in ("files", "unpackedSize", "packedSize")]
    paths = document["paths"]
    if not all(isinstance(count, int) for count in counts) or not isinstance(paths, list):
        raise TypeError
    return PackageRow(
        name=str(document["name"]),
        version=str(document["version"]),
        files=int(str(counts[0])),
        size=int(str(counts[1])),
        packed_size=int(str(counts[2])),
        paths=tuple(str(path) for path in paths),
    )
