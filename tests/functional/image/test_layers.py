"""Layers: the same files give the same bytes, every program reads them, and each is compressed once."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from builder.archive.compression import compressed_entry, spliced_entry
from builder.archive.writer import pack_members
from builder.build_values import FileSlice
from builder.cli.app import run
from builder.dependencies.store.layer_store import LayerStore
from builder.dependencies.store.maintenance import find_damaged, list_entries
from builder.dependencies.store.pack_store import Store
from builder.errors import PackagingError
from builder.image.layer_plan import LayerPlan
from builder.image.layer_writer import collect_layers, layer_key, write_layer

if TYPE_CHECKING:
    from pathlib import Path

    from builder.build_values import Entry

LONG = "/".join(["folder" * 4] * 9) + "/module.py"
FILES = {
    "a.py": b"A = 1\n" * 700,
    "bin/run.sh": b"#!/bin/sh\n",
    "deep/er/data.bin": bytes(range(256)) * 2,
    "deep/empty.txt": b"",
    "größe/straße.txt": "ü".encode() * 300,
    LONG: b"long",
    f"{'x' * 101}.py": b"a name that is longer than a header stores",
    f"{'p' * 150}/{'n' * 90}.py": b"split between name and prefix",
}


def entries_of(files: dict[str, bytes]) -> tuple[Entry, ...]:
    entries = [compressed_entry(path, 0o755 if path.endswith(".sh") else 0o644, data) for path, data in files.items()]
    return tuple(sorted(entries, key=lambda entry: entry.path.encode()))


def members_of(layer: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(layer) as tar:
        return {member.name: member for member in tar.getmembers()}


def test_a_layer_has_every_file_with_fixed_time_owner_and_modes(tmp_path: Path) -> None:
    layer = write_layer(entries_of(FILES), tmp_path / "layer.gz")

    members = members_of(layer.file)
    files = {name: member for name, member in members.items() if member.isfile()}
    assert set(files) == {f"var/task/{path}" for path in FILES}
    assert {(one.mtime, one.uid, one.gid, one.uname, one.gname) for one in members.values()} == {
        (315_532_800, 0, 0, "", "")
    }
    assert {oct(one.mode) for one in members.values() if one.isdir()} == {"0o755"}
    assert files["var/task/bin/run.sh"].mode == 0o755
    assert files["var/task/a.py"].mode == 0o644
    with tarfile.open(layer.file) as tar:
        for path, content in FILES.items():
            stream = tar.extractfile(f"var/task/{path}")
            assert stream is not None
            assert stream.read() == content


def test_every_folder_stands_before_its_files(tmp_path: Path) -> None:
    layer = write_layer(entries_of(FILES), tmp_path / "layer.gz")

    seen: set[str] = set()
    for name, member in members_of(layer.file).items():
        parent = name.rpartition("/")[0]
        assert not parent or parent in seen
        if member.isdir():
            seen.add(name)
    assert {"var", "var/task", "var/task/deep/er"} <= seen


def test_a_layer_is_one_gzip_member_and_only_some_names_need_pax(tmp_path: Path) -> None:
    layer = write_layer(entries_of(FILES), tmp_path / "layer.gz")
    data = layer.file.read_bytes()

    inflater = zlib.decompressobj(31)
    tar = inflater.decompress(data)
    assert inflater.eof
    assert inflater.unused_data == b""
    assert gzip.decompress(data) == tar
    assert f"sha256:{hashlib.sha256(tar).hexdigest()}" == layer.diff_id
    assert f"sha256:{hashlib.sha256(data).hexdigest()}" == layer.descriptor.digest
    assert layer.descriptor.size == len(data)
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        extended = {member.name for member in archive.getmembers() if member.pax_headers}
    assert {name for name in extended if not name.isascii()} == {"var/task/größe", "var/task/größe/straße.txt"}
    assert f"var/task/{'x' * 101}.py" in extended
    assert f"var/task/{'p' * 150}" in extended or f"var/task/{'p' * 150}/{'n' * 90}.py" not in extended


def test_the_compressor_of_the_package_does_not_matter(tmp_path: Path) -> None:
    """The same files from a wheel of another compressor are the same layer, under the same key."""
    files = [("one/a.py", 0o644, b"A = 1\n" * 500), ("one/b.py", 0o755, b"B = 2\n" * 10)]
    layers, keys = [], []
    for level in (1, 9):
        pack = tmp_path / f"{level}.zip"
        members = pack_members(files, pack, level=level)
        entries = tuple(spliced_entry(member.path, member, pack, "one 1.0") for member in members)
        layers.append(write_layer(entries, tmp_path / f"{level}.gz").file.read_bytes())
        keys.append(layer_key(entries))
    assert layers[0] == layers[1]
    assert keys[0] == keys[1]


@pytest.mark.parametrize("harm", ["missing", "short", "flip"])
def test_a_package_that_changed_during_the_build_is_an_error(tmp_path: Path, harm: str) -> None:
    pack = tmp_path / "pack.zip"
    (member,) = pack_members([("one.py", 0o644, b"A = 1\n" * 500)], pack)
    data = bytearray(pack.read_bytes())
    entry = spliced_entry("one.py", member, pack, "one 1.0")
    if harm == "missing":
        entry = replace(entry, source=FileSlice(str(tmp_path / "none.zip"), 0))
    elif harm == "short":
        pack.write_bytes(data[: member.offset + 4])
    else:
        data[member.offset + 6] ^= 255
        pack.write_bytes(data)

    with pytest.raises(PackagingError, match=r"was changed during the build|cannot be read"):
        write_layer((entry,), tmp_path / "layer.gz")
    assert not (tmp_path / "layer.tar").exists()


@pytest.fixture
def layers(tmp_path: Path) -> LayerStore:
    return LayerStore(Store(tmp_path / "store"))


def plans_of(*names: str) -> list[LayerPlan]:
    return [LayerPlan(owners=(name,), entries=entries_of({f"{name}.py": name.encode() * 99})) for name in names]


def test_a_layer_is_written_once_and_found_afterwards(layers: LayerStore) -> None:
    first = collect_layers(plans_of("one", "two"), layers)
    times = [layer.file.stat().st_mtime_ns for layer in first]
    inodes = [layer.file.stat().st_ino for layer in first]

    again = collect_layers(plans_of("one", "two", "three"), layers)
    assert again[:2] == first
    assert [layer.file.stat().st_ino for layer in again[:2]] == inodes
    assert [layer.file.stat().st_mtime_ns for layer in again[:2]] == times
    assert len({layer.descriptor.digest for layer in again}) == 3
    assert list((layers.store.folder / "work").iterdir()) == []


@pytest.mark.parametrize("harm", ["flip", "cut", "note gone", "note of another", "note damaged"])
def test_a_damaged_layer_is_never_used_but_written_again(layers: LayerStore, harm: str) -> None:
    one, two = collect_layers(plans_of("one", "two"), layers)
    sound = one.file.read_bytes()
    note = one.file.with_suffix(".json")
    if harm == "flip":
        one.file.write_bytes(sound[:20] + bytes([sound[20] ^ 1]) + sound[21:])
    elif harm == "cut":
        one.file.write_bytes(sound[:-1])
    elif harm == "note gone":
        note.unlink()
    elif harm == "note of another":
        note.write_bytes(two.file.with_suffix(".json").read_bytes())
    else:
        note.write_text("{")

    count, damaged = find_damaged(layers.store)
    assert (count, [one.file for one in damaged]) == (2, [one.file])
    assert layers.find_layer(one.file.stem) is None
    assert collect_layers(plans_of("one"), layers) == (one,)
    assert one.file.read_bytes() == sound
    assert find_damaged(layers.store)[1] == ()


def test_layers_are_listed_and_pruned_with_their_notes(
    layers: LayerStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(layers.store.folder))
    one, two = collect_layers(plans_of("one", "two"), layers)
    os.utime(one.file, (1_000_000_000, 1_000_000_000))

    rows = list_entries(layers.store)
    assert [row.label for row in rows] == ["layer of two", "layer of one"]
    on_disk = sum(file.stat().st_size for file in layers.store.folder.glob("layers/*/*"))
    assert sum(row.size for row in rows) == on_disk
    assert run(["store", "prune", "--older-than", "30"]) == 0
    assert "layer of one" in capsys.readouterr().out
    assert sorted(layers.store.folder.glob("layers/*/*")) == sorted([two.file, two.file.with_suffix(".json")])
