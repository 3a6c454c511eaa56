"""The index beside a pack."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from builder.build_values import PackMember
from builder.dependencies.lock.lock_changes import compare_versions
from builder.dependencies.npm.npm_packs import pack_key
from builder.dependencies.store.pack_index import PackIndex, dump_index, load_index
from builder.host.store_location import store_folder

sizes = some.integers(min_value=0, max_value=1 << 40)
digests = some.binary(min_size=32, max_size=32).map(bytes.hex)
members = some.builds(
    PackMember,
    path=some.text(min_size=1, max_size=30),
    mode=some.sampled_from([0o644, 0o755]),
    size=sizes,
    sha256=digests,
    crc32=some.integers(min_value=0, max_value=(1 << 32) - 1),
    method=some.sampled_from([0, 8]),
    compressed_size=sizes,
    offset=sizes,
)
indexes = some.builds(
    PackIndex,
    sha256=digests,
    size=sizes,
    reader=digests,
    members=some.lists(members, max_size=5).map(tuple),
)


@given(indexes)
def test_an_index_round_trips(index: PackIndex) -> None:
    assert load_index(dump_index(index)) == index


@given(indexes, some.data())
def test_any_flipped_bit_is_detected(index: PackIndex, data: some.DataObject) -> None:
    written = bytearray(dump_index(index))
    at = data.draw(some.integers(min_value=0, max_value=len(written) - 1))
    written[at] ^= 1 << data.draw(some.integers(min_value=0, max_value=7))
    assert load_index(bytes(written)) is None


def test_the_store_is_in_the_configured_folder_or_the_user_cache() -> None:
    assert store_folder("", {"BIOT_PLUGIN_STORE": "/srv/packs"}) == Path("/srv/packs")
    assert store_folder("", {"BIOT_PLUGIN_STORE": ""}).parts[-2:] == ("biot-plugin-kit", "store")


def test_an_npm_pack_is_keyed_by_its_integrity_and_its_compressor() -> None:
    keys = {
        pack_key(integrity, compressor) for integrity in ("sha512-a", "sha512-b") for compressor in ("one 1", "one 2")
    }
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("before", "after", "added", "removed", "changed"),
    [
        ([], [("a", "1")], ["a"], [], []),
        ([("a", "1")], [], [], ["a"], []),
        ([("a", "1"), ("b", "1")], [("a", "2"), ("b", "1")], [], [], ["a"]),
        ([("a", "1")], [("a", "1"), ("a", "2")], [], [], ["a"]),
    ],
    ids=["added", "removed", "changed", "second version"],
)
def test_changes_are_listed_by_package(
    before: list[tuple[str, str]],
    after: list[tuple[str, str]],
    added: list[str],
    removed: list[str],
    changed: list[str],
) -> None:
    result = compare_versions(before, after, ())
    assert [[one.name for one in some] for some in (result.added, result.removed, result.changed)] == [
        added,
        removed,
        changed,
    ]
