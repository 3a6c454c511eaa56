"""Reports and inspections of artifacts on disk: the same everywhere, and only for their own artifact."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from builder.archive.reader import read_members
from builder.archive.writer import pack_members
from builder.errors import VerificationError
from builder.evidence import evidence_files, find_previous_build, package_rows, read_report, report_file
from builder.evidence.inspection.contents import inspect
from tests.support.plugins.packaged_evidence import PACKAGES, built

VARYING = frozenset({"provenance", "digests"})
"""What tells when it was made."""


def test_a_written_build_is_found_again(tmp_path: Path) -> None:
    made = built(tmp_path)
    earlier = find_previous_build(made.artifact.file, made.inputs)
    assert earlier is not None
    assert (earlier.artifact, earlier.report) == (made.artifact, made.report)
    assert earlier.packages == package_rows(made.bundle)


def test_all_evidence_has_the_same_bytes_in_another_folder_umask_and_day(tmp_path: Path) -> None:
    one = built(tmp_path / "one").artifact
    before = os.umask(0o077)
    zone = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Kathmandu"
    time.tzset()
    try:
        two = built(tmp_path / "another folder" / "two").artifact
    finally:
        os.umask(before)
        os.environ.pop("TZ") if zone is None else os.environ.update(TZ=zone)
        time.tzset()
    assert one.file.read_bytes() == two.file.read_bytes()
    for kind, file in evidence_files(one.file).items():
        if kind not in VARYING:
            assert file.read_bytes() == evidence_files(two.file)[kind].read_bytes(), kind


def test_an_inspection_shows_the_packages_of_the_report(tmp_path: Path) -> None:
    artifact = built(tmp_path / "one").artifact
    seen = inspect(artifact.file)
    assert seen.artifact == artifact
    assert seen.reported
    assert {(row.label, row.files) for row in seen.packages} == {
        ("the plugin's own files", 3),
        *((label, len(files)) for label, files in PACKAGES.items()),
    }
    assert {"index.py", "plugin/__init__.py", "data/ü.txt", "pkg/a.py", "two.py"} <= {row.path for row in seen.files}
    assert [row.packed_size for row in seen.files] == sorted((row.packed_size for row in seen.files), reverse=True)
    assert json.loads(json.dumps(seen.describe()))["artifact"]["sha256"] == artifact.sha256


def test_without_a_report_the_files_are_listed_too(tmp_path: Path) -> None:
    artifact = built(tmp_path / "one").artifact
    report_file(artifact.file).unlink()
    seen = inspect(artifact.file)
    assert not seen.reported
    assert seen.artifact == artifact
    assert sum(row.files for row in seen.packages) == artifact.entries


def test_an_artifact_that_its_report_does_not_describe_is_refused(tmp_path: Path) -> None:
    artifact = built(tmp_path / "one").artifact
    pack_members([("index.py", 0o644, b"other")], artifact.file)
    with pytest.raises(VerificationError, match="different files"):
        inspect(artifact.file)


def test_the_same_files_in_different_bytes_differ_from_different_files(tmp_path: Path) -> None:
    import zipfile

    artifact = built(tmp_path / "one").artifact
    with zipfile.ZipFile(artifact.file) as archive:
        contents = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(artifact.file, "w", zipfile.ZIP_STORED) as archive:
        for info, content in contents:
            archive.writestr(info, content, zipfile.ZIP_STORED)
    assert read_members(artifact.file)
    with pytest.raises(VerificationError, match="the same files in different bytes"):
        inspect(artifact.file)


@pytest.mark.parametrize(
    "change", ["artifact gone", "artifact touched", "report gone", "report cut off", "other inputs", "table"]
)
def test_a_previous_build_is_reused_only_when_its_files_are_unchanged(tmp_path: Path, change: str) -> None:
    made = built(tmp_path / "one")
    artifact, inputs = made.artifact, made.inputs
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
    assert find_previous_build(artifact.file, "sha256:other" if change == "other inputs" else inputs) is None


@pytest.mark.parametrize("kind", [*evidence_files(Path("a-1.zip"))])
@pytest.mark.parametrize("change", ["gone", "altered", "longer"])
def test_every_file_beside_the_artifact_counts(tmp_path: Path, kind: str, change: str) -> None:
    made = built(tmp_path)
    file = evidence_files(made.artifact.file)[kind]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    if change == "gone":
        file.unlink()
    else:
        file.write_bytes(data if change == "altered" else file.read_bytes() + b"\n")
    assert find_previous_build(made.artifact.file, made.inputs) is None


def test_sha256sum_accepts_the_checksums(tmp_path: Path) -> None:
    made = built(tmp_path)
    command = ["sha256sum", "--check", "--strict", "--quiet", "my-plugin-1.sha256"]
    done = subprocess.run(command, cwd=made.artifact.file.parent, check=False, capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"")
    named = {line.split("  ")[1] for line in made.text(".sha256").splitlines()}
    assert named == {file.name for file in made.artifact.file.parent.iterdir()} - {"my-plugin-1.sha256"}


def test_a_file_that_is_not_a_report_is_ignored(tmp_path: Path) -> None:
    for number, text in enumerate(("", "[]", "{}", '{"schema": 99}', "\xff")):
        file = tmp_path / f"{number}.json"
        file.write_bytes(text.encode("latin-1"))
        assert read_report(file) is None
