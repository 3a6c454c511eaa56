"""Small plugins that are packaged with all their evidence, and packages with metadata, licences and SBOMs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.archive.cached_results import ResultCache
from builder.archive.writer import pack_members, write_artifact
from builder.build_values import Artifact, Bundle, Lock, LockedPackage, Pack
from builder.bundle import select_sources
from builder.bundle.assemble import assemble
from builder.coldstart.bytecode import bytecode_path
from builder.evidence import build_report, inputs_digest, package_rows, read_settings, write_report
from builder.evidence.evidence_writer import FinishedBuild, write_evidence
from builder.evidence.inspection.contents import FileRow
from builder.evidence.sbom.package_analysis import analyze_packages
from tests.support.plugins.small_bundles import manifest_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.errors import Problem
    from builder.evidence.inspection.contents import Inspection
    from builder.manifest.model import Manifest

FILES = {
    "plugin.toml": "",
    "src/index.py": "def handler(event, context):\n    return 1\n",
    "src/plugin/__init__.py": "",
    "src/data/ü.txt": "ü",
}
CRATES = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.4",
    "components": [
        {"type": "library", "name": "openssl", "version": "3.5.4", "purl": "pkg:generic/openssl@3.5.4"},
        {"type": "framework", "name": "asn1", "version": "0.2", "licenses": [{"license": {"id": "No-Such"}}]},
        {"type": "strange", "name": "pkg", "version": "1.0", "hashes": [{"alg": "MD9", "content": "zz"}]},
    ],
}
PACKAGES: Mapping[str, Mapping[str, str]] = {
    "pkg 1.0": {
        "pkg/a.py": "a" * 5000,
        "pkg/run": "#!/bin/sh\n",
        "pkg-1.0.dist-info/METADATA": "License-Expression: MIT\nAuthor: Jane | Doe\nRequires-Dist: two[x]\n\n",
        "pkg-1.0.dist-info/licenses/LICENSE": "MIT License\n\nCopyright Jane\n",
        "pkg-1.0.dist-info/sboms/auditwheel.cdx.json": json.dumps(CRATES),
        "pkg-1.0.dist-info/sboms/odd.json": "{}",
    },
    "two 2.0": {
        "two.py": "2",
        "two-2.0.dist-info/METADATA": "Name: two\nAuthor: =cmd\n",
        "two-2.0.dist-info/COPYING": "Do what you like.\n",
    },
    "bare 0.1": {"bare.py": ""},
}
DIGEST = "sha256:" + "0" * 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """An artifact with all files beside it."""

    manifest: Manifest
    lock: Lock
    bundle: Bundle
    artifact: Artifact
    report: Mapping[str, object]
    inputs: str
    warnings: tuple[Problem, ...]

    def beside(self, suffix: str) -> Path:
        return self.artifact.file.with_name(f"my-plugin-1{suffix}")

    def text(self, suffix: str) -> str:
        return self.beside(suffix).read_text("utf-8")


def built(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    packages: Mapping[str, Mapping[str, str]] = PACKAGES,
    **more: str,
) -> Built:
    """Package a plugin below ``folder``; ``more`` are further files of its folder, ``soup_toml="…"``."""
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    for path, text in FILES.items() | {name.replace("_", "."): text for name, text in more.items()}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    packs = [pack_in(folder, label, files) for label, files in packages.items()]
    lock = Lock(file=None, packages=tuple(pack.package for pack in packs))
    manifest = manifest_of(folder=folder)
    settings = read_settings(manifest, lock, environment or {})
    sources = select_sources(manifest)
    inputs = inputs_digest(manifest, lock, sources, settings.inputs)
    bundle = assemble(manifest, sources, packs)
    artifact = write_artifact(bundle, folder / "dist" / "my-plugin-1.zip")
    report = build_report(manifest, lock, package_rows(bundle), artifact, inputs=inputs)
    write_report(report, artifact.file)
    made = FinishedBuild(
        manifest=manifest,
        analysis=analyze_packages(manifest, packs, lambda: ["pkg"], ResultCache()),
        bundle=bundle,
        artifact=artifact,
        settings=settings,
    )
    return Built(
        manifest=manifest,
        lock=lock,
        bundle=bundle,
        artifact=artifact,
        report=report,
        inputs=inputs,
        warnings=write_evidence(made),
    )


def with_bytecode(seen: Inspection, *sources: str) -> Inspection:
    """An artifact as ``precompile`` builds it: with bytecode of some of its sources."""
    paths = [bytecode_path(source, "cpython-313") for source in sources]
    return replace(seen, files=(*seen.files, *(FileRow(path=path, size=3000, packed_size=1000) for path in paths)))


def pack_in(folder: Path, label: str, files: Mapping[str, str]) -> Pack:
    """A package as a pack below ``folder``."""
    name, _, version = label.partition(" ")
    file = folder / f"{name}.zip"
    members = pack_members(
        [(path, 0o755 if path.endswith("run") else 0o644, text.encode()) for path, text in sorted(files.items())], file
    )
    return Pack(package=LockedPackage(name=name, version=version, digest=DIGEST), file=file, members=members)
