"""Whether an earlier run already wrote what this one would write."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import builder
from builder.archive.compression import RECOMPRESS_LEVEL, compressor
from builder.build_values import Artifact
from builder.evidence.build_report import read_report, report_file, report_rows
from builder.evidence.checksums import checksums_match, evidence_files, file_digest
from builder.fingerprint import code_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from builder.archive.package_sizes import PackageRow
    from builder.build_values import Lock
    from builder.manifest.model import Manifest


class Source(Protocol):
    """One of the plugin's own files, as far as the digest looks at it."""

    @property
    def path(self) -> str:
        """In the artifact."""

    @property
    def content(self) -> bytes:
        """Its bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviousBuild:
    """An artifact that is there already, with its report."""

    artifact: Artifact
    report: Mapping[str, object]
    packages: tuple[PackageRow, ...]


def inputs_digest(manifest: Manifest, lock: Lock, sources: Iterable[Source], evidence: Sequence[str] = ()) -> str:
    """Digest everything that an artifact and its report follow from.

    That is the plugin's own files, the packages as locked, what the manifest says about both, the compressor, and the
    kit: its version, and its code too, so that a changed working copy of the kit never passes for the released one.
    ``evidence`` is what the files beside the artifact follow from besides (``EvidenceSettings.inputs``).

    Returns:
        ``sha256:`` and 64 hex digits.
    """
    plugin, build = manifest.plugin, manifest.build
    told = {
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
    text = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def find_previous_build(artifact: Path, inputs: str, *, keyid: str = "") -> PreviousBuild | None:
    """The artifact of an earlier run when these very inputs made it and nobody touched a file of it since, else None.

    Args:
        artifact: The ZIP, which may be missing.
        inputs: ``inputs_digest`` of this run.
        keyid: Of the key that must have signed its provenance; empty when none must.
    """
    report = read_report(report_file(artifact))
    if report is None or report.get("inputs") != inputs:
        return None
    told = _artifact(artifact, report.get("artifact"))
    rows = report_rows(report)
    if not told or not rows or not checksums_match(artifact, told.sha256) or not _signed(artifact, keyid):
        return None
    return PreviousBuild(artifact=told, report=report, packages=rows)


def _signed(artifact: Path, keyid: str) -> bool:
    if not keyid:
        return True
    from builder.evidence.provenance.statement import signed_by

    return signed_by(evidence_files(artifact)["provenance"], keyid)


def _artifact(file: Path, told: object) -> Artifact | None:
    """The artifact as its report tells it, if the file is still that one."""
    if not isinstance(told, dict) or not file.is_file() or file.stat().st_size != told.get("size"):
        return None
    counts = [told.get(key) for key in ("size", "unpackedSize", "files")]
    if not all(isinstance(count, int) for count in counts) or file_digest(file) != told.get("sha256"):
        return None
    return Artifact(
        file=file.absolute(),
        sha256=str(told["sha256"]),
        size=int(told["size"]),
        unpacked_size=int(told["unpackedSize"]),
        entries=int(told["files"]),
        tree_digest=str(told.get("treeDigest")),
    )
