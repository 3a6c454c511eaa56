"""The build report: what is in an artifact and what made it. The same build gives the same report, byte for byte."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import builder
from builder.archive.deflate import compressor
from builder.archive.shares import PackageRow, package_rows
from builder.archive.whole import whole_file
from builder.errors import VerificationError
from builder.values import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from builder.manifest.model import Manifest
    from builder.values import Bundle, LockedPackage

SCHEMA = 1
"""Of the report; grows when a field changes its meaning."""


def inputs_digest(bundle: Bundle, packages: Iterable[LockedPackage]) -> str:
    """Digest everything that an artifact's bytes follow from: contents, packages as locked, compressor, the kit.

    Returns:
        ``sha256:`` and 64 hex digits.
    """
    lines = sorted(f"{package.name} {package.version} {package.digest}" for package in packages)
    text = "\n".join((bundle.tree_digest, compressor(), builder.__version__, *lines))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def build_report(
    manifest: Manifest, bundle: Bundle, artifact: Artifact, packages: Iterable[LockedPackage]
) -> dict[str, object]:
    """Describe a written artifact, without times, folders or anything else of this machine.

    Args:
        manifest: The plugin.
        bundle: What went in.
        artifact: What came out.
        packages: What the lock pins.
    """
    locked = tuple(packages)
    digests = {f"{package.name} {package.version}": package.digest for package in locked}
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
        "packages": [_described(row, digests.get(row.label, "")) for row in package_rows(bundle.entries)],
        "inputs": inputs_digest(bundle, locked),
        "tools": {"biot-plugin-kit": builder.__version__, "compressor": compressor()},
    }


def write_report(report: Mapping[str, object], file: Path) -> None:
    """Write the report beside the artifact, whole or not at all.

    Raises:
        PackagingError: The file cannot be written.
    """
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    with whole_file(file) as stream:
        stream.write(text.encode())


def read_report(file: Path) -> Mapping[str, object] | None:
    """The report in a file, or None when there is none that this version of the kit wrote whole."""
    try:
        report = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return report if isinstance(report, dict) and report.get("schema") == SCHEMA else None


def report_rows(report: Mapping[str, object]) -> tuple[PackageRow, ...]:
    """The table by package as a report has it.

    Raises:
        VerificationError: The report's table is not one that the kit writes.
    """
    rows = report.get("packages")
    try:
        return tuple(_row(row) for row in rows) if isinstance(rows, list) else ()
    except (KeyError, TypeError) as error:
        msg = "the build report beside the artifact was changed: its packages cannot be read"
        raise VerificationError(
            msg,
            hint="Remove the report, or package again.",
        ) from error


def unchanged_artifact(artifact: Path, report: Mapping[str, object] | None, inputs: str) -> Artifact | None:
    """The artifact of an earlier run when these very inputs made it and nobody touched it since, else None.

    Args:
        artifact: The ZIP, which may be missing.
        report: What lies beside it.
        inputs: The digest of this run's inputs.
    """
    if report is None or report.get("inputs") != inputs:
        return None
    told = report.get("artifact")
    if not isinstance(told, dict) or not artifact.is_file() or artifact.stat().st_size != told.get("size"):
        return None
    if file_digest(artifact) != told.get("sha256"):
        return None
    return Artifact(
        file=artifact.absolute(),
        sha256=str(told["sha256"]),
        size=int(told["size"]),
        unpacked_size=int(told["unpackedSize"]),
        entries=int(told["files"]),
        tree_digest=str(told["treeDigest"]),
    )


def file_digest(file: Path) -> str:
    """The sha256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _described(row: PackageRow, digest: str) -> dict[str, object]:
    return {
        "name": row.name,
        "version": row.version,
        "digest": digest,
        "files": row.files,
        "unpackedSize": row.size,
        "packedSize": row.packed_size,
        "paths": list(row.paths),
    }


def _row(described: Mapping[str, object]) -> PackageRow:
    counts = [described[key] for key in ("files", "unpackedSize", "packedSize")]
    paths = described["paths"]
    if not all(isinstance(count, int) for count in counts) or not isinstance(paths, list):
        raise TypeError
    return PackageRow(
        name=str(described["name"]),
        version=str(described["version"]),
        files=int(str(counts[0])),
        size=int(str(counts[1])),
        packed_size=int(str(counts[2])),
        paths=tuple(str(path) for path in paths),
    )
