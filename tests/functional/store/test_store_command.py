"""``biot-plugin store``: lists, verifies and prunes packs."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from builder.archive.writer import pack_members
from builder.cli.app import run
from builder.dependencies.store.pack_store import Store
from tests.support.plugins.locked_plugin import LockedPlugin, locked_plugin

if TYPE_CHECKING:
    from pathlib import Path

DAY = 24 * 60 * 60


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LockedPlugin:
    """A store with two wheels and one npm package."""
    made = locked_plugin(tmp_path)
    store = Store(made.store)
    with store.work_folder() as folder:
        pack_members([("package.json", 0o644, b'{"name": "@a/three", "version": "3.1.0"}')], folder / "x.zip")
        store.add("ab" * 32, folder / "x.zip")
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(made.store))
    monkeypatch.chdir(made.folder)
    return made


def packs(plugin: LockedPlugin) -> dict[str, Path]:
    names = {"ab" * 32: "three"}
    for file in plugin.store.glob("packs/*/*.zip"):
        names.setdefault(file.stem, "two" if f":{file.stem}" in plugin.lock.read_text().splitlines()[-1] else "one")
    return {names[file.stem]: file for file in plugin.store.glob("packs/*/*.zip")}


def asked(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, object]:
    assert run(["store", *arguments, "--json"]) == code
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_packs_are_listed_by_package(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    shown = asked(capsys, "show")
    rows = shown["packs"]
    assert isinstance(rows, list)
    assert {row["package"] for row in rows} == {"one 1.0", "two 2.5", "@a/three 3.1.0"}
    on_disk = sum(file.stat().st_size for file in plugin.store.glob("packs/*/*"))
    assert shown["bytes"] == on_disk
    assert run(["store", "show"]) == 0
    assert "@a/three 3.1.0" in capsys.readouterr().out


def test_an_empty_store_is_not_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "nothing"))
    assert run(["store", "show"]) == 0
    assert run(["store", "verify"]) == 0
    assert run(["store", "prune", "--keep-bytes", "0"]) == 0


@pytest.mark.parametrize("name", ["one", "three"])
@pytest.mark.parametrize("harm", ["flip", "cut", "index flip", "index of another"])
def test_damaged_packs_are_named_removed_and_never_shipped(
    name: str, harm: str, plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = packs(plugin)[name]
    index = pack.with_suffix(".index")
    if harm == "flip":
        data = bytearray(pack.read_bytes())
        data[len(data) // 2] ^= 1
        pack.write_bytes(data)
    elif harm == "cut":
        pack.write_bytes(pack.read_bytes()[:-1])
    elif harm == "index flip":
        index.write_bytes(index.read_bytes().replace(b"reader", b"raeder"))
    else:
        index.write_bytes(packs(plugin)["two"].with_suffix(".index").read_bytes())
    if (name, harm) == ("one", "index flip"):
        assert asked(capsys, "verify")["damaged"] == []  # a wheel is its own proof: the next build makes the index anew
        return
    damaged = asked(capsys, "verify", code=7)["damaged"]
    assert isinstance(damaged, list)
    assert [one["key"] for one in damaged] == [pack.stem]
    assert pack.exists()
    assert asked(capsys, "verify", "--repair")["removed"] is True
    assert not list(pack.parent.glob(f"{pack.stem}.*"))
    assert asked(capsys, "verify")["damaged"] == []


def test_an_index_without_its_pack_is_removed(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    pack = packs(plugin)["three"]
    pack.unlink()
    assert run(["store", "verify", "--repair"]) == 0
    assert "its index exists, but the pack is missing" in capsys.readouterr().out
    assert not pack.with_suffix(".index").exists()


def test_a_build_records_its_packs_as_used_and_pruning_keeps_them(
    plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in packs(plugin).values():
        os.utime(file, (0, time.time() - 40 * DAY))
    assert run(["package"]) == 0
    capsys.readouterr()
    would = asked(capsys, "prune", "--older-than", "30", "--dry-run")["removed"]
    removed = asked(capsys, "prune", "--older-than", "30")["removed"]
    assert isinstance(removed, list)
    assert would == removed
    assert [one["package"] for one in removed] == ["@a/three 3.1.0"]
    assert set(packs(plugin)) == {"one", "two"}
    assert asked(capsys, "prune", "--keep-bytes", "0")["removed"] == []


def test_pruning_requires_a_limit(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    del plugin
    assert run(["store", "prune"]) == 2
    assert "--older-than DAYS" in capsys.readouterr().err
    assert run(["store", "prune", "--keep-bytes", "many"]) == 2
    assert run(["store", "prune", "--keep-bytes", "2G"]) == 0
