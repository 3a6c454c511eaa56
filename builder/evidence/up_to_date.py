"""Whether an earlier build already wrote the artifact of the same inputs."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from msgspec import Struct

import builder
from builder.archive.compression import RECOMPRESS_LEVEL, compressor
from builder.build_values import Artifact
from builder.evidence.build_report import read_report, report_file, report_rows
from builder.evidence.checksums import artifact_digest, checksums_match, evidence_files
from builder.host.fingerprint import code_digest
from builder.image.layout_files import is_layout, layout_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from builder.archive.package_sizes import PackageRow
    from builder.build_values import Lock, OwnFile
    from builder.manifest.model import Manifest


class PreviousBuild(Struct, frozen=True, kw_only=True):
    """The artifact of an earlier build, with its report."""

    artifact: Artifact
    report: Mapping[str, object]
    packages: tuple[PackageRow, ...]


def inputs_digest(manifest: Manifest, lock: Lock, sources: Iterable[OwnFile], evidence: Sequence[str] = ()) -> str:
    """The digest of everything that decides an artifact and its report.

    That is the plugin's own files, the locked packages, the manifest's settings for both, the
    compressor, and the kit: its version and its code, so that a changed working copy of the kit
    never counts as the released one. ``evidence`` has the other inputs: those of the files beside
    the artifact (``EvidenceSettings.inputs``) and of the cold-start tools.

    Returns:
        ``sha256:`` and 64 hex digits.
    """
    plugin, build = manifest.plugin, manifest.build
    inputs = {
        "plugin": [plugin.name, plugin.version, plugin.runtime, plugin.handler],
        "build": [
            list(build.scripts),
            dict(build.prefer),
            dict(build.allow_secrets),
            dict(build.allow_missing),
            dict(build.allow_missing_imports),
        ],
        "packages": sorted(
            [package.name, package.version, package.digest, package.places, package.source] for package in lock.packages
        ),
        "lock rules": lock.rules,
        "prune": sorted(build.prune),
        "sources": sorted([source.path, hashlib.sha256(source.content).hexdigest()] for source in sources),
        "evidence": list(evidence),
        "tools": [builder.__version__, code_digest(), compressor(), build.recompress and compressor(RECOMPRESS_LEVEL)],
    }
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def find_previous_build(artifact: Path, inputs: str, *, keyid: str = "") -> PreviousBuild | None:
    """The artifact of an earlier build with the same inputs, if none of its files changed since; else None.

    Args:
        artifact: The ZIP or the image, which may be missing.
        inputs: ``inputs_digest`` of this build.
        keyid: The id of the key that must have signed its provenance; empty when no key is set.
    """
    report = read_report(report_file(artifact))
    if report is None or report.get("inputs") != inputs:
        return None
    previous = _read_artifact(artifact, report.get("artifact"))
    rows = report_rows(report)
    if not previous or not rows or not checksums_match(artifact, previous.sha256) or not _signed(artifact, keyid):
        return None
    return PreviousBuild(artifact=previous, report=report, packages=rows)


def _signed(artifact: Path, keyid: str) -> bool:
    if not keyid:
        return True
    from builder.evidence.provenance.statement import signed_by  # only with a signing key

    return signed_by(evidence_files(artifact)["provenance"], keyid)


def _read_artifact(file: Path, document: object) -> Artifact | None:
    """The artifact that a report describes, if the file is still the same."""
    if not isinstance(document, dict):
        return None
    try:
        if _size(file) != document.get("size") or artifact_digest(file) != document.get("sha256"):
            return None
    except (OSError, ValueError):
        return None
    counts = [document.get(key) for key in ("size", "unpackedSize", "files")]
    if not all(isinstance(count, int) for count in counts):
        return None
    return Artifact(
        file=file.absolute(),
        sha256=str(document["sha256"]),
        size=int(document["size"]),
        unpacked_size=int(document["unpackedSize"]),
        entries=int(document["files"]),
        tree_digest=str(document.get("treeDigest")),
    )


def _size(file: Path) -> int | None:
    """Bytes of the ZIP, or of all files of the image; None when there is none."""
    if is_layout(file):
        return layout_size(file) if file.is_dir() else None
    return file.stat().st_size if file.is_file() else None
