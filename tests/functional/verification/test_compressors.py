"""The tree digest covers the contents; another compressor changes only the file's sha256."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from zlib_ng import zlib_ng

from builder.archive.compression import compress_content, compressor
from builder.archive.reader import read_members
from builder.archive.tree_digest import tree_digest
from builder.build_values import DEFLATED, STORED
from builder.verification import DifferenceKind, add_rebuild_differences, examine_artifact
from tests.support.archives.forged_zips import forge, named

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {
    "a.txt": b"",
    "deep/module.py": b"def f():\n    return 1\n" * 300,
    "noise.bin": bytes(number * number % 251 for number in range(4000)),
    "größe.txt": "ü".encode() * 900,
}

COMPRESSORS: dict[str, Callable[[bytes], tuple[int, bytes]]] = {
    "libdeflate": lambda content: (compress_content(content).method, compress_content(content).data),
    "zlib": lambda content: (DEFLATED, zlib.compress(content, 9, -15)),
    "zlib-ng": lambda content: (DEFLATED, zlib_ng.compress(content, 6, -15)),
    "stored": lambda content: (STORED, content),
}


def written(folder: Path, compress: Callable[[bytes], tuple[int, bytes]]) -> Path:
    members = []
    for path, content in sorted(FILES.items()):
        method, data = compress(content)
        members.append(named(path, content=content, method=method, data=data))
    folder.mkdir()
    file = folder / "bundle-1.zip"
    file.write_bytes(forge(*members))
    return file


def test_the_tree_digest_is_the_same_for_every_compressor(tmp_path: Path) -> None:
    files = {name: written(tmp_path / name, compress) for name, compress in COMPRESSORS.items()}
    assert len({file.read_bytes() for file in files.values()}) == len(COMPRESSORS)
    assert len({tree_digest(read_members(file)) for file in files.values()}) == 1


def test_another_compressor_is_the_only_reported_difference(tmp_path: Path) -> None:
    ours = written(tmp_path / "ours", COMPRESSORS["libdeflate"])
    for name in ("zlib", "zlib-ng", "stored"):
        theirs = written(tmp_path / name, COMPRESSORS[name])
        seen = add_rebuild_differences(examine_artifact(theirs, report_needed=False), ours, {})
        assert seen.differences
        assert {one.kind for one in seen.differences} == {DifferenceKind.COMPRESSOR}
        assert "different compressed bytes" in seen.differences[0].detail


def test_the_compressor_has_its_version() -> None:
    assert re.fullmatch(r"deflate \d+\.\d+\.\d+ level \d+", compressor())
