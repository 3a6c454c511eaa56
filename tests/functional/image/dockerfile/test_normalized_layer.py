from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
import tarfile
from typing import TYPE_CHECKING

import pytest

from builder.errors import PackagingError
from builder.image.dockerfile.dockerfile_image import exported_layers
from builder.image.dockerfile.normalized_layer import normalize_layer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from builder.oci import StoredLayer

Member = tuple[str, bytes, bytes | str]
SOURCE = b"x = 1\n"
SOURCE_TIME = 1_700_000_000
CACHED = "var/task/__pycache__/a.cpython-313.pyc"


def bytecode(modified: int, *, flags: int = 0, size: int = len(SOURCE)) -> bytes:
    return struct.pack("<4sIII", b"\xf3\r\r\n", flags, modified, size) + b"code"


MEMBERS: list[Member] = [
    ("var/", tarfile.DIRTYPE, b""),
    ("var/task/", tarfile.DIRTYPE, b""),
    ("var/task/__pycache__/", tarfile.DIRTYPE, b""),
    ("var/task/a.py", tarfile.REGTYPE, SOURCE),
    (CACHED, tarfile.REGTYPE, bytecode(SOURCE_TIME)),
    ("var/task/+b", tarfile.REGTYPE, b"b" * 3000),
    ("var/task/.wh.gone", tarfile.REGTYPE, b""),
    ("var/task/link", tarfile.SYMTYPE, "../" + "d" * 200),
    ("var/task/" + "ü" * 120, tarfile.REGTYPE, b"long"),
    ("dev/", tarfile.DIRTYPE, b""),
    ("dev/null", tarfile.CHRTYPE, b""),
]


def made_tar(
    members: Sequence[Member], *, time: int = SOURCE_TIME, owner: int = 0, form: int = tarfile.PAX_FORMAT
) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for name, kind, value in members:
            info = tarfile.TarInfo(name)
            info.type, info.mtime, info.uid, info.gid = kind, time, owner, owner
            info.uname = "someone" if owner else "root"
            info.mode = 0o4755 if name.endswith("/") else 0o640
            content = value if isinstance(value, bytes) else b""
            if isinstance(value, str):
                info.linkname = value
            if kind == tarfile.CHRTYPE:
                info.devmajor, info.devminor = 1, 3
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def normalize(tar: bytes, folder: Path) -> tuple[StoredLayer, bytes]:
    layer = normalize_layer(io.BytesIO(tar), folder / "layer.gz")
    return layer, gzip.decompress(layer.file.read_bytes())


def names(tar: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        return opened.getnames()


def test_order_time_owner_and_form_of_the_tar_do_not_change_the_layer(tmp_path: Path) -> None:
    first = normalize(made_tar(MEMBERS), tmp_path)[0].descriptor
    shuffled = [*MEMBERS[1::2], *MEMBERS[::-2]]
    later = [(n, k, bytecode(SOURCE_TIME + 99) if n == CACHED else v) for n, k, v in shuffled]
    others = [
        made_tar(shuffled),
        made_tar(later, time=SOURCE_TIME + 99, owner=1000),
        made_tar(MEMBERS, form=tarfile.GNU_FORMAT),
        gzip.compress(made_tar([(f"./{n}", k, v) for n, k, v in shuffled])),
    ]

    assert [normalize(other, tmp_path)[0].descriptor for other in others] == [first] * len(others)


def test_what_programs_see_stays_the_same(tmp_path: Path) -> None:
    layer, tar = normalize(made_tar(MEMBERS, owner=1000), tmp_path)

    assert layer.diff_id == f"sha256:{hashlib.sha256(tar).hexdigest()}"
    assert layer.descriptor.digest == f"sha256:{hashlib.sha256(layer.file.read_bytes()).hexdigest()}"
    assert layer.descriptor.size == layer.file.stat().st_size
    assert sorted(names(tar)) == sorted(name.rstrip("/") for name, _, _ in MEMBERS)
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        for name, kind, value in MEMBERS:
            info = opened.getmember(name.rstrip("/"))
            assert (info.type, info.uid, info.gid, info.uname, info.mtime) == (kind, 0, 0, "", 315_532_800)
            assert info.mode == (0o4755 if name.endswith("/") else 0o640)
            if kind == tarfile.SYMTYPE:
                assert info.linkname == value
            stream = opened.extractfile(info) if info.isreg() else None
            if stream is not None and name != CACHED:
                assert stream.read() == value
        assert (opened.getmember("dev/null").devmajor, opened.getmember("dev/null").devminor) == (1, 3)


def test_folders_stand_before_their_files_and_deletions_first(tmp_path: Path) -> None:
    found = names(normalize(made_tar(MEMBERS[::-1]), tmp_path)[1])

    assert found[found.index("var/task") + 1] == "var/task/.wh.gone"
    assert found.index("var") < found.index("var/task") < found.index("var/task/+b")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (bytecode(SOURCE_TIME), bytecode(315_532_800)),
        (bytecode(SOURCE_TIME + 1), bytecode(SOURCE_TIME + 1)),
        (bytecode(SOURCE_TIME, size=7), bytecode(SOURCE_TIME, size=7)),
        (bytecode(SOURCE_TIME, flags=3), bytecode(SOURCE_TIME, flags=3)),
        (b"short", b"short"),
    ],
    ids=["valid", "of another time", "of another size", "with a hash", "no bytecode"],
)
def test_bytecode_that_python_accepts_is_accepted_afterwards(content: bytes, expected: bytes, tmp_path: Path) -> None:
    members = [(name, kind, content if name == CACHED else value) for name, kind, value in MEMBERS]
    with tarfile.open(fileobj=io.BytesIO(normalize(made_tar(members), tmp_path)[1])) as tar:
        stream = tar.extractfile(CACHED)
        assert stream is not None
        assert stream.read() == expected


def test_hard_links_do_not_depend_on_which_name_came_first(tmp_path: Path) -> None:
    link = tarfile.LNKTYPE
    first = normalize(made_tar([("b", tarfile.REGTYPE, b"same"), ("a", link, "b"), ("c", link, "a")]), tmp_path)[1]
    second = normalize(made_tar([("c", tarfile.REGTYPE, b"same"), ("b", link, "c"), ("a", link, "./c")]), tmp_path)[1]

    assert first == second
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        assert [(one.name, one.type, one.linkname) for one in tar] == [
            ("a", tarfile.REGTYPE, ""), ("b", link, "a"), ("c", link, "a"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("../etc/passwd", tarfile.REGTYPE, b"x")], "is outside of the image"),
        ([("a", tarfile.LNKTYPE, "missing")], "is a link to a file that is not in the layer"),
        ([("a", tarfile.LNKTYPE, "b"), ("b", tarfile.LNKTYPE, "a")], "is a link to a file that is not in the layer"),
        ([("a", b"V", b"")], "is neither a file, a folder, a link nor a device"),
    ],
)
def test_layers_that_programs_could_read_differently_are_refused(
    members: list[Member], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(PackagingError, match=reason):
        normalize(made_tar(members), tmp_path)


@pytest.mark.parametrize("cut", [100, 1700])
def test_a_layer_that_is_cut_off_is_refused_and_leaves_nothing(cut: int, tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="A layer of the built image cannot be used"):
        normalize(made_tar([("a", tarfile.REGTYPE, b"a" * 3000)])[:cut], tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_layers_of_an_export_come_in_the_order_of_its_manifest(tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    manifest = json.dumps([{"Config": "c.json", "Layers": ["2/layer.tar", "1/layer.tar"]}]).encode()
    archive.write_bytes(made_tar([(n, tarfile.REGTYPE, v) for n, v in {
        "1/layer.tar": b"upper", "2/layer.tar": b"lower", "manifest.json": manifest,
    }.items()]))  # fmt: skip

    assert [stream.read() for stream in exported_layers(archive)] == [b"lower", b"upper"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'[{"Layers": ["missing"]}]', b"nonsense"])
def test_an_export_in_another_form_is_an_error(content: bytes, tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    archive.write_bytes(made_tar([("manifest.json", tarfile.REGTYPE, content)]))

    with pytest.raises(PackagingError, match="in a form that the kit does not know"):
        list(exported_layers(archive))
