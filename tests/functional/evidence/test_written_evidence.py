"""Reports and inspections of artifacts on disk: the same everywhere, and never about another file."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from builder.archive.reader import read_members
from builder.archive.writer import pack_members, write_artifact
from builder.bundle import select_sources
from builder.bundle.assemble import assemble
from builder.errors import VerificationError
from builder.evidence import (
    build_report,
    earlier_build,
    inputs_digest,
    package_rows,
    read_report,
    report_file,
    write_report,
)
from builder.evidence.inspection import inspect
from builder.values import Artifact, Lock, LockedPackage, Pack
from tests.support.bundles import manifest_of

if TYPE_CHECKING:
    from pathlib import Path

    from builder.manifest.model import Manifest

FILES = {
    "src/index.py": "def handler(event, context):\n    return 1\n",
    "src/plugin/__init__.py": "",
    "src/data/ü.txt": "ü",
}


def project(folder: Path) -> tuple[Manifest, Lock, list[Pack]]:
    (folder / ".git").mkdir(parents=True)
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    members = pack_members([("pkg/a.py", 0o644, b"a" * 5000), ("pkg/run", 0o755, b"#!/bin/sh\n")], folder / "pkg.zip")
    package = LockedPackage(name="pkg", version="1.0", digest="sha256:0")
    pack = Pack(package=package, file=folder / "pkg.zip", members=members)
    return manifest_of(folder=folder), Lock(file=None, packages=(package,)), [pack]


def built(folder: Path) -> tuple[Artifact, str]:
    manifest, lock, packs = project(folder)
    sources = select_sources(manifest)
    inputs = inputs_digest(manifest, lock, sources)
    bundle = assemble(manifest, sources, packs)
    artifact = write_artifact(bundle, folder / "dist" / "my-plugin-1.zip")
    report = build_report(manifest, lock, bundle, artifact, inputs=inputs)
    assert write_report(report, artifact.file) == report_file(artifact.file)
    earlier = earlier_build(artifact.file, inputs)
    assert earlier is not None
    assert (earlier.artifact, earlier.report, earlier.packages) == (artifact, report, package_rows(bundle))
    return artifact, inputs


def test_artifact_and_report_are_the_same_bytes_from_another_folder_umask_and_day(tmp_path: Path) -> None:
    one, _ = built(tmp_path / "one")
    before = os.umask(0o077)
    zone = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Kathmandu"
    time.tzset()
    try:
        two, _ = built(tmp_path / "another folder" / "two")
    finally:
        os.umask(before)
        os.environ.pop("TZ") if zone is None else os.environ.update(TZ=zone)
        time.tzset()
    assert one.file.read_bytes() == two.file.read_bytes()
    assert report_file(one.file).read_bytes() == report_file(two.file).read_bytes()


def test_an_inspection_tells_what_the_report_tells(tmp_path: Path) -> None:
    artifact, _ = built(tmp_path / "one")
    seen = inspect(artifact.file)
    assert seen.artifact == artifact
    assert seen.reported
    assert [(row.label, row.files) for row in seen.packages] == [("the plugin's own files", 3), ("pkg 1.0", 2)]
    assert {row.path for row in seen.files} == {"index.py", "plugin/__init__.py", "data/ü.txt", "pkg/a.py", "pkg/run"}
    assert [row.packed_size for row in seen.files] == sorted((row.packed_size for row in seen.files), reverse=True)
    assert json.loads(json.dumps(seen.describe()))["artifact"]["sha256"] == artifact.sha256


def test_without_a_report_the_files_are_told_all_the_same(tmp_path: Path) -> None:
    artifact, _ = built(tmp_path / "one")
    report_file(artifact.file).unlink()
    seen = inspect(artifact.file)
    assert not seen.reported
    assert seen.artifact == artifact
    assert sum(row.files for row in seen.packages) == artifact.entries


def test_an_artifact_that_is_not_the_one_of_its_report_is_refused(tmp_path: Path) -> None:
    artifact, _ = built(tmp_path / "one")
    pack_members([("index.py", 0o644, b"other")], artifact.file)
    with pytest.raises(VerificationError, match="other files"):
        inspect(artifact.file)


def test_the_same_files_in_other_bytes_are_told_apart_from_other_files(tmp_path: Path) -> None:
    import zipfile

    artifact, _ = built(tmp_path / "one")
    with zipfile.ZipFile(artifact.file) as archive:
        contents = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(artifact.file, "w", zipfile.ZIP_STORED) as archive:
        for info, content in contents:
            archive.writestr(info, content, zipfile.ZIP_STORED)
    assert read_members(artifact.file)
    with pytest.raises(VerificationError, match="the same files in other bytes"):
        inspect(artifact.file)


@pytest.mark.parametrize(
    "change", ["artifact gone", "artifact touched", "report gone", "report cut off", "other inputs", "table"]
)
def test_an_earlier_build_counts_only_when_nobody_touched_it(tmp_path: Path, change: str) -> None:
    artifact, inputs = built(tmp_path / "one")
    report = report_file(artifact.file)
    if change == "artifact gone":
        artifact.file.unlink()
    elif change == "artifact touched":
        data = bytearray(artifact.file.read_bytes())
        data[100] ^= 1
        artifact.file.write_bytes(data)
    elif change == "report gone":
        report.unlink()
    elif change == "report cut off":
        report.write_bytes(report.read_bytes()[:50])
    elif change == "table":
        report.write_text(json.dumps({**json.loads(report.read_text()), "packages": None}))
    assert earlier_build(artifact.file, "sha256:other" if change == "other inputs" else inputs) is None


def test_a_file_that_is_no_report_is_none(tmp_path: Path) -> None:
    for number, text in enumerate(("", "[]", "{}", '{"schema": 99}', "\xff")):
        file = tmp_path / f"{number}.json"
        file.write_bytes(text.encode("latin-1"))
        assert read_report(file) is None
