"""The code of an image: its layers in order, and nothing that could leave the folder."""

from __future__ import annotations

import random
import stat
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from builder import pipeline
from builder.archive.compression import compressed_entry
from builder.archive.tree_digest import tree_digest
from builder.image.layer_writer import write_layer
from builder.progress import SilentProgress
from sandbox.functions.environments.code_folders import CodeFolders
from sandbox.functions.function_errors import FunctionUnavailableError
from sandbox.functions.images.layout_folder import layout_image
from sandbox.functions.images.unpacked_code import unpack_image
from tests.support.archives.image_layers import (
    BASE_NAME,
    LayerMember,
    file,
    folder,
    hard_link,
    layer,
    symbolic_link,
    write_layout,
)
from tests.support.images.image_plugin import image_plugin

MODELS = 60


def unpacked(tmp_path: Path, *layers: list[LayerMember]) -> Path:
    write_layout(tmp_path / "image", [layer(members) for members in layers])
    unpack_image(layout_image(tmp_path / "image"), tmp_path / "code")
    return tmp_path / "code"


def contents(code: Path) -> dict[str, str]:
    files = [path for path in sorted(code.rglob("*")) if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(code)): path.read_text() for path in files}


def test_upper_layers_replace_and_remove_what_lower_ones_have(tmp_path: Path) -> None:
    code = unpacked(
        tmp_path,
        [LayerMember(name="usr/lib/secret.so", content=b"base"), file("a.py", "base"), file("old/x.py", "1")],
        [folder("lib"), file("lib/one.py", "1"), file("lib/two.py", "2"), file("all/x.py", "1"), file("all/y.py", "2")],
        [
            file("lib/.wh.one.py"),
            file(".wh.old"),
            file("all/.wh..wh..opq"),
            file("all/z.py", "3"),
            file("a.py", "mine"),
        ],
        [
            LayerMember(name="./var/task/lib/two.py", content=b"again"),
            LayerMember(name="/var/task/root.py", content=b""),
        ],
    )

    assert contents(code) == {"a.py": "mine", "all/z.py": "3", "lib/two.py": "again", "root.py": ""}
    assert stat.S_IMODE(code.stat().st_mode) == stat.S_IMODE((code / "lib").stat().st_mode) == 0o555


def test_a_whiteout_spares_what_its_own_layer_has_added(tmp_path: Path) -> None:
    code = unpacked(
        tmp_path,
        [file("lib/old.py"), file("lib/deep/old.py")],
        [file("lib/new.py", "1"), file(".wh.lib"), file("lib/deep/new.py", "2")],
    )

    assert contents(code) == {"lib/deep/new.py": "2", "lib/new.py": "1"}


def test_files_folders_and_links_replace_each_other(tmp_path: Path) -> None:
    code = unpacked(
        tmp_path,
        [file("a/x.py"), file("b", "file"), symbolic_link("c", "b"), file("d", "original")],
        [
            file("a", "file"),
            folder("b"),
            file("b/x.py", "1"),
            file("c", "file"),
            hard_link("e", "var/task/d"),
            file("d", "new"),
        ],
    )

    assert contents(code) == {"a": "file", "b/x.py": "1", "c": "file", "d": "new", "e": "original"}


def test_modes_are_those_of_other_users_because_the_code_belongs_to_root(tmp_path: Path) -> None:
    code = unpacked(tmp_path, [file("run", mode=0o755), file("text", mode=0o644), file("private", mode=0o700)])

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in code.iterdir()}
    assert modes == {"run": 0o555, "text": 0o444, "private": 0}


def test_links_inside_the_folder_stay_wherever_it_is(tmp_path: Path) -> None:
    code = unpacked(
        tmp_path,
        [
            file("lib/x.py", "x"),
            symbolic_link("deep/link.py", "../lib/x.py"),
            symbolic_link("deep/abs", "/var/task/lib"),
        ],
    )

    assert (code / "deep" / "link.py").read_text() == "x"
    assert (code / "deep" / "abs" / "x.py").read_text() == "x"
    assert not (code / "deep" / "abs").readlink().is_absolute()


@pytest.mark.parametrize(
    "members",
    [
        [LayerMember(name="var/task/../../../escape", content=b"x")],
        [LayerMember(name="../escape", content=b"x")],
        [LayerMember(name="var/task/a\nb")],
        [LayerMember(name="var/task/a\\..\\b")],
        [LayerMember(name="var/task/.wh...")],
        [symbolic_link("out", "../../../../etc"), file("out/passwd")],
        [symbolic_link("out", "/etc/passwd")],
        [symbolic_link("out", "../outside")],
        [file("a/b"), symbolic_link("here", "a"), symbolic_link("out", "here/../../outside")],
        [file("a/b/x"), symbolic_link("a/b/top", "../.."), symbolic_link("out", "a/b/top/../../outside")],
        [hard_link("out", "etc/passwd")],
        [hard_link("out", "var/task")],
        [hard_link("out", "var/task/missing")],
        [file("file"), file("file/below")],
        [LayerMember(name="var/task/device", kind=tarfile.CHRTYPE)],
        [LayerMember(name="var/task/disk", kind=tarfile.BLKTYPE)],
        [LayerMember(name="var/task/pipe", kind=tarfile.FIFOTYPE)],
        [LayerMember(name="var/task", kind=tarfile.SYMTYPE, target="/tmp")],  # noqa: S108 - refused
        [LayerMember(name="var", kind=tarfile.REGTYPE)],
        [LayerMember(name="usr/bin/python")],
    ],
    ids=lambda members: "+".join(repr(member.name)[1:-1] for member in members),
)
def test_an_unsafe_image_is_refused_and_nothing_stays(members: list[LayerMember], tmp_path: Path) -> None:
    write_layout(tmp_path / "image", [layer(members)])
    cache = tmp_path / "cache"
    with pytest.raises(FunctionUnavailableError):
        CodeFolders(cache).unpack_image(layout_image(tmp_path / "image"))

    assert [path for path in cache.rglob("*") if path.name != ".files"] == []
    assert {path.name for path in tmp_path.iterdir()} == {"image", "cache"}


def test_layers_of_the_base_may_be_missing_but_none_above(tmp_path: Path) -> None:
    layers = [layer([file("base.py", "b")]), layer([file("one.py", "1")]), layer([file("two.py", "2")])]
    manifest = write_layout(tmp_path / "image", layers)
    blobs = [tmp_path / "image" / "blobs" / "sha256" / one.digest.removeprefix("sha256:") for one in manifest.layers]
    blobs[0].unlink()
    unpack_image(layout_image(tmp_path / "image"), tmp_path / "without base")
    assert contents(tmp_path / "without base") == {"one.py": "1", "two.py": "2"}

    blobs[2].unlink()
    with pytest.raises(FunctionUnavailableError, match=r"The layer sha256:[0-9a-f]+ is missing"):
        unpack_image(layout_image(tmp_path / "image"), tmp_path / "without the top")
    blobs[1].unlink()
    with pytest.raises(FunctionUnavailableError, match="no layer on this machine"):
        unpack_image(layout_image(tmp_path / "image"), tmp_path / "without any")


def test_a_changed_blob_is_refused(tmp_path: Path) -> None:
    manifest = write_layout(tmp_path / "image", [layer([file("one.py", "1")])])
    blob = tmp_path / "image" / "blobs" / "sha256" / manifest.layers[0].digest.removeprefix("sha256:")
    blob.write_bytes(layer([file("one.py", "2")]))
    with pytest.raises(FunctionUnavailableError, match="has other bytes"):
        unpack_image(layout_image(tmp_path / "image"), tmp_path / "code")


def test_the_tree_digest_is_that_of_the_packaged_files(tmp_path: Path) -> None:
    entries = [compressed_entry("a.py", 0o644, b"x = 1\n"), compressed_entry("lib/tool", 0o755, b"#!/bin/sh\n")]
    written = write_layer(entries, tmp_path / "layer.gz")
    write_layout(tmp_path / "image", [written.file.read_bytes()])

    assert unpack_image(layout_image(tmp_path / "image"), tmp_path / "code") == tree_digest(entries)


def test_a_packaged_image_gives_the_files_of_the_plugin_without_its_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = image_plugin(tmp_path)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(plugin.store))
    packaged = pipeline.package(plugin.project, SilentProgress())
    image = layout_image(packaged.artifact.file)
    digest = unpack_image(image, tmp_path / "code")

    report: Any = packaged.report
    assert report["artifact"]["treeDigest"] == digest
    assert (image.runtime, image.handler) == ("python3.13", "index.handler")
    assert (tmp_path / "code" / "index.py").read_text() == (plugin.folder / "src" / "index.py").read_text()


def test_runtime_and_handler_come_from_the_config(tmp_path: Path) -> None:
    labels = {BASE_NAME: "registry.example.com:5000/mirror/lambda/python:3.13@sha256:" + "0" * 64}
    write_layout(tmp_path / "known", [layer([file("a")])], {"Labels": labels, "Cmd": ["index.handler"]})
    write_layout(tmp_path / "other", [layer([file("a")])], {"Labels": {BASE_NAME: "debian:12"}})
    known, other = layout_image(tmp_path / "known"), layout_image(tmp_path / "other")

    assert (known.runtime, known.handler) == ("python3.13", "index.handler")
    assert (other.runtime, other.handler) == ("", "")
    assert known == layout_image(tmp_path / "known") != other


def test_random_layers_give_what_a_model_of_the_specification_gives(tmp_path: Path) -> None:
    for seed in range(MODELS):
        chance = random.Random(seed)  # noqa: S311 - chooses examples, no secret
        model: dict[str, str] = {"kept": "x"}
        upper = [_random_layer(chance, model, f"{seed}.{number}") for number in range(chance.randrange(1, 5))]
        folder_of_seed = tmp_path / str(seed)
        folder_of_seed.mkdir()
        assert contents(unpacked(folder_of_seed, [file("kept", "x")], *upper)) == model, seed


def _random_layer(chance: random.Random, model: dict[str, str], text: str) -> list[LayerMember]:
    """A layer, after the model has been changed as the specification says."""
    paths = [f"{a}/{b}" for a in "pqr" for b in "xyz"] + [f"{a}/d/{b}" for a in "pq" for b in "xy"]
    added = {path: f"{text} {path}" for path in chance.sample(paths, chance.randrange(6))}
    removed = chance.sample([*paths, "p", "q", "r", "p/d"], chance.randrange(3))
    emptied = chance.sample(["p", "q", "p/d"], chance.randrange(2))
    for path in list(model):
        gone = any(path == one or path.startswith(f"{one}/") for one in removed)
        if gone or any(path.startswith(f"{one}/") for one in emptied):
            del model[path]
    model |= added
    whiteouts = [str(PurePosixPath(one).with_name(f".wh.{PurePosixPath(one).name}")) for one in removed]
    members = [file(path, content) for path, content in added.items()]
    members += [file(one) for one in (*whiteouts, *(f"{one}/.wh..wh..opq" for one in emptied))]
    chance.shuffle(members)
    return members
