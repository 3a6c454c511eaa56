"""The build report and the table by package: complete, and independent of the machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import builder
from builder.archive.package_sizes import package_rows
from builder.build_values import Artifact, Lock
from builder.bundle.assemble import assemble
from builder.evidence.build_report import build_report, report_file, report_rows
from builder.evidence.inspection.contents import guessed_rows
from tests.support.plugins.small_bundles import manifest_of, member_of, pack_of, source_of

PACKS = [
    pack_of("pkg", {"pkg/a.py": b"a" * 9, "pkg-1.0.dist-info/METADATA": b"m"}),
    pack_of("two", {"two.py": b"2", "ns/two/x.py": b""}, version="2.1"),
]
SOURCES = [source_of("index.py", b"x = 1\n"), source_of("ns/own/y.py", b"")]
LOCK = Lock(file=Path("/home/somebody/requirements.lock"), packages=tuple(pack.package for pack in PACKS))
MANIFEST = manifest_of(folder=Path("/home/somebody/plugin"))
BUNDLE = assemble(MANIFEST, SOURCES, PACKS)
ARTIFACT = Artifact(
    file=Path("/home/somebody/dist/my-plugin-1.zip"),
    sha256="f" * 64,
    size=1000,
    unpacked_size=BUNDLE.size,
    entries=len(BUNDLE.entries),
    tree_digest=BUNDLE.tree_digest,
)


def test_the_table_has_a_row_for_each_package_and_one_for_the_plugin() -> None:
    rows = package_rows(BUNDLE)
    assert [(row.label, row.files, row.size, row.paths) for row in rows] == [
        ("the plugin's own files", 2, 6, ("index.py", "ns/own/")),
        ("pkg 1.0", 2, 10, ("pkg-1.0.dist-info/", "pkg/")),
        ("two 2.1", 2, 1, ("ns/two/", "two.py")),
    ]
    assert sum(row.files for row in rows) == len(BUNDLE.entries)


def test_the_report_has_nothing_of_the_machine() -> None:
    report = build_report(MANIFEST, LOCK, package_rows(BUNDLE), ARTIFACT, inputs="sha256:1")
    text = json.dumps(report)
    assert "somebody" not in text
    assert "/home" not in text
    assert report["artifact"] == {
        "file": "my-plugin-1.zip",
        "sha256": "f" * 64,
        "treeDigest": BUNDLE.tree_digest,
        "size": 1000,
        "unpackedSize": BUNDLE.size,
        "files": 6,
    }
    assert report["tools"] == {
        "biot-plugin-kit": builder.__version__,
        "compressor": "deflate 0.9.0 level 6",
    }


def test_the_table_is_read_from_the_report() -> None:
    report = json.loads(json.dumps(build_report(MANIFEST, LOCK, package_rows(BUNDLE), ARTIFACT, inputs="sha256:1")))
    assert report_rows(report) == package_rows(BUNDLE)


@pytest.mark.parametrize(
    "report", [{}, {"packages": 3}, {"packages": [{}]}, {"packages": ["x"]}, {"packages": [{"files": "many"}]}]
)
def test_a_report_with_another_structure_has_no_table(report: dict[str, object]) -> None:
    assert report_rows(report) == ()


def test_the_report_is_beside_the_artifact() -> None:
    assert report_file(Path("dist/a-1.zip")) == Path("dist/a-1.report.json")


def test_without_a_report_packages_are_guessed_from_their_folders() -> None:
    paths = [
        *("index.py", "plugin/a.py", "numpy/a.py", "numpy.libs/x.so", "numpy-2.1.dist-info/METADATA"),
        *("node_modules/@s/a/x.js", "node_modules/b/node_modules/c/y.js"),
    ]
    rows = guessed_rows([member_of(path) for path in paths])
    assert [(row.label, row.files) for row in rows] == [
        ("@s/a", 1),
        ("c", 1),
        ("index.py", 1),
        ("numpy 2.1", 3),
        ("plugin/", 1),
    ]
