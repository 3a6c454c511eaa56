"""An artifact compared with its report, its lock and the report of a new build, without any file."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.archive.package_sizes import PackageRow
from builder.build_values import Artifact, Lock, LockedPackage
from builder.verification.report_comparison import compare_reports, compare_with_lock, compare_with_report
from tests.support.plugins.small_bundles import member_of

MEMBERS = (member_of("a/x.py", b"12345"), member_of("a/y.py", b""), member_of("index.py", b"1"))
ARTIFACT = Artifact(
    file=Path("/dist/p-1.zip"), sha256="5a", size=99, unpacked_size=6, entries=3, tree_digest="sha256:7e"
)
RECORDED = {"file": "p-1.zip", "sha256": "5a", "treeDigest": "sha256:7e", "size": 99, "unpackedSize": 6, "files": 3}
OWN = PackageRow(name="", version="", files=1, size=1, packed_size=1, paths=("index.py",))
ROW = PackageRow(name="a", version="1", files=2, size=5, packed_size=5, paths=("a/",))


def differing_keys(report: dict[str, object], *rows: PackageRow) -> list[str]:
    return [one.path for one in compare_with_report(ARTIFACT, MEMBERS, report, rows)]


def test_a_matching_report_has_no_differences() -> None:
    assert differing_keys({"artifact": RECORDED}, OWN, ROW) == []


@pytest.mark.parametrize("key", RECORDED)
def test_every_value_in_the_report_is_compared_with_the_artifact(key: str) -> None:
    assert differing_keys({"artifact": {**RECORDED, key: "other"}}, OWN, ROW) == [f"artifact.{key}"]


@pytest.mark.parametrize("artifact", [None, [], "text", {}])
def test_a_report_without_sizes_is_a_difference(artifact: object) -> None:
    assert differing_keys({"artifact": artifact}, OWN, ROW)


def test_files_without_a_package_and_rows_with_wrong_sums_are_reported() -> None:
    assert differing_keys({"artifact": RECORDED}, OWN) == ["a/x.py", "a/y.py"]
    more = PackageRow(name="a", version="1", files=3, size=5, packed_size=6, paths=("a/",))
    assert differing_keys({"artifact": RECORDED}, OWN, more) == ["packages[1].files", "packages[1].packedSize"]


def test_two_reports_are_compared_key_by_key_and_by_type() -> None:
    one = {"a": 1, "b": [1, {"c": "x"}], "d": None}
    other = {"a": True, "b": [1, {"c": "y"}, 2], "e": 1}
    found = {difference.path: difference.detail for difference in compare_reports(one, other)}
    assert set(found) == {"a", "b[1].c", "b[2]", "d", "e"}
    assert found["e"] == "the report has nothing, the new build's report has 1"
    assert compare_reports(one, {**one}) == ()


@pytest.mark.parametrize(
    ("digest", "version", "reason"),
    [("sha256:0", "1", ""), ("sha256:1", "1", "the lock pins sha256:1"), ("sha256:0", "2", "does not pin it")],
)
def test_packages_are_compared_with_the_lock(digest: str, version: str, reason: str) -> None:
    lock = Lock(file=None, packages=(LockedPackage(name="a", version=version, digest=digest),))
    report = {
        "packages": [{"name": "", "version": "", "digest": ""}, {"name": "a", "version": "1", "digest": "sha256:0"}]
    }
    found = compare_with_lock(report, lock)
    assert [one.path for one in found] == (["a 1"] if reason else [])
    assert all(reason in one.detail for one in found)
