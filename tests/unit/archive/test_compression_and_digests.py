"""Tree digests, compression, and the owners of paths."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from builder.archive.compression import compress_content, compressor
from builder.archive.package_sizes import owned_paths
from builder.archive.tree_digest import tree_digest


@dataclass(frozen=True)
class Leaf:
    path: str
    mode: int
    sha256: str


def test_the_tree_digest_is_the_sha256_of_one_line_per_file() -> None:
    one, two = hashlib.sha256(b"1").hexdigest(), hashlib.sha256(b"2").hexdigest()
    text = f"0755 {two} a\n0644 {one} b/ü\n"
    leaves = [Leaf("b/ü", 0o644, one), Leaf("a", 0o755, two)]
    assert tree_digest(leaves) == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@given(st.lists(st.tuples(st.text("ab/", min_size=1), st.sampled_from([0o644, 0o755])), unique=True))
def test_the_tree_digest_does_not_depend_on_the_order(names: list[tuple[str, int]]) -> None:
    leaves = [Leaf(path, mode, "0" * 64) for path, mode in names]
    assert tree_digest(leaves) == tree_digest(leaves[::-1])


def test_mode_path_and_content_each_change_the_tree_digest() -> None:
    leaf = Leaf("a", 0o644, "0" * 64)
    others = [Leaf("b", 0o644, "0" * 64), Leaf("a", 0o755, "0" * 64), Leaf("a", 0o644, "1" * 64)]
    assert len({tree_digest([one]) for one in (leaf, *others)}) == 4


@given(st.binary(max_size=2000))
def test_compressed_content_is_never_larger_and_decompresses(content: bytes) -> None:
    squeezed = compress_content(content)
    back = zlib.decompress(squeezed.data, -15) if squeezed.method else squeezed.data
    assert back == content
    assert len(squeezed.data) <= len(content)
    assert squeezed.crc32 == zlib.crc32(content)


def test_the_compressor_has_version_and_level() -> None:
    assert compressor() == "deflate 0.9.0 level 6"


def test_a_folder_with_one_owner_is_listed_instead_of_its_files() -> None:
    files = [
        ("index.py", ""),
        ("a/x/1", "A 1"),
        ("a/x/2", "A 1"),
        ("ns/a/1", "A 1"),
        ("ns/b/1", "B 2"),
        ("ns/b/2", "B 2"),
    ]
    assert owned_paths(files) == {"": ["index.py"], "A 1": ["a/", "ns/a/"], "B 2": ["ns/b/"]}


@given(st.dictionaries(st.text("abc/", min_size=1, max_size=6), st.sampled_from(["A", "B", ""]), max_size=30))
def test_owned_paths_show_the_owner_of_every_file(files: dict[str, str]) -> None:
    """Whatever the tree, the longest listed folder of a file names its owner."""
    owners = {path: owner for owner, paths in owned_paths(files.items()).items() for path in paths}
    for file, owner in files.items():
        matching = [path for path in owners if path == file or (path.endswith("/") and file.startswith(path))]
        assert owners[max(matching, key=len)] == owner
