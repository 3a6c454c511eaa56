"""Every ZIP that two programs could read differently, or that reaches outside its folder, is refused by name."""

from __future__ import annotations

import hashlib
import stat
import struct
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.archive.reader import read_stream
from builder.errors import VerificationError
from tests.support.archives.forged_zips import ForgedMember, deflated, forge, named

if TYPE_CHECKING:
    from builder.build_values import PackMember

FINE = ForgedMember()
BOMB = deflated(b"\0" * 3_000_000)
OTHER = named("b.txt")
RECORD = 30 + len(FINE.name) + len(FINE.packed)


def read(data: bytes, *, limit: int = 1 << 20) -> tuple[PackMember, ...]:
    return read_stream(BytesIO(data), Path("case.zip"), limit=limit)


def mode(kind: int) -> int:
    return (kind | 0o644) << 16


def zip64_extra(*values: int) -> bytes:
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)


def descriptor(member: ForgedMember, *, wide: bool = False, signed: bool = True) -> bytes:
    body = struct.pack("<L2Q" if wide else "<3L", member.crc, len(member.packed), len(member.content))
    return (b"PK\x07\x08" if signed else b"") + body


UNKNOWN = {"crc": 0, "packed": 0, "size": 0}
STREAMED = ForgedMember(flags=8, local=UNKNOWN)


def folder(name: str, *, method: int = 0) -> ForgedMember:
    return named(name, content=b"", method=method, attributes=mode(stat.S_IFDIR))


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty file": (b"", "not a ZIP"),
    "not a ZIP": (b"MZ" + b"\0" * 500, "not a ZIP"),
    "folder of mode file": (forge(named("d/", content=b"", method=0)), "folder by its name"),
    "cut off": (forge(FINE)[:-5], "not a ZIP"),
    "first half only": (forge(FINE)[:40], "not a ZIP"),
    "bytes after the end": (forge(FINE, end={"trailing": b"x"}), "after its end record"),
    "a second ZIP behind": (forge(FINE) + forge(OTHER), "before its first member"),
    "a program before": (b"#!/bin/sh\n" + forge(FINE), "before its first member"),
    "bytes before, offsets corrected": (forge(ForgedMember(before=b"#!/bin/sh\n")), "before its first member"),
    "end record hidden in the comment": (forge(FINE, end={"comment": forge()}), "before its first member"),
    "comment longer than its length field": (
        forge(FINE, end={"comment": b"abc", "comment_length": 2}),
        "after its end record",
    ),
    "bytes between directory and end": (forge(FINE, end={"between": b"junk"}), "between its central directory"),
    "directory starts elsewhere": (forge(FINE, end={"start": 3}), "before its first member"),
    "directory beyond the file": (forge(FINE, end={"size": 1 << 30}), "before its first member"),
    "fewer members listed": (forge(FINE, OTHER, end={"here": 1, "entries": 1}), "belong to no member"),
    "more members listed": (forge(FINE, end={"here": 2, "entries": 2}), "ends its central directory after 1 of 2"),
    "several disks": (forge(FINE, end={"disk": 1}), "multi-part"),
    "entries here differ": (forge(FINE, end={"here": 0}), "multi-part"),
    "member on another disk": (forge(ForgedMember(central={"disk": 1})), "multi-part"),
    "directory signature damaged": (
        forge(ForgedMember(central={"signature": b"XXXX"})),
        "ends its central directory after 0",
    ),
    "name runs out of the directory": (forge(ForgedMember(central={"name_length": 9999})), "cut off"),
    "ZIP64 end contradicts": (forge(FINE, zip64=True, end={"here": 7, "entries": 7}), "contradict"),
    "ZIP64 locator points elsewhere": (forge(FINE, end={"between": b"PK\x06\x07" + b"\0" * 16}), "ZIP64"),
    "ZIP64 field missing": (forge(ForgedMember(central={"size": 0xFFFFFFFF})), "missing ZIP64 field"),
    "absolute path": (forge(named("/etc/passwd")), "absolute"),
    "leaves the archive": (forge(named("../evil.py")), "leaves the archive"),
    "leaves the archive further down": (forge(named("a/../../evil.py")), "leaves the archive"),
    "backslash": (forge(named("..\\evil.py")), "backslash"),
    "drive letter": (forge(named("C:/evil.py")), "drive"),
    "drive without slash": (forge(named("c:evil.py")), "drive"),
    "NUL": (forge(named("a.py\0.txt")), "control"),
    "newline": (forge(named("a\nb")), "control"),
    "escape sequence": (forge(named("a\x1b]52;b")), "control"),
    "C1 control": (forge(named("a\x9bb")), "control"),
    "right-to-left override": (forge(named("a\u202eyp.exe")), "text-direction"),
    "line separator": (forge(named("a\u2028b")), "control"),
    "empty name": (forge(named("")), "empty name"),
    "dot part": (forge(named("a/./b")), "empty or '.'"),
    "empty part": (forge(named("a//b")), "empty or '.'"),
    "only a dot": (forge(named(".")), "empty or '.'"),
    "two slashes at the end": (forge(folder("a//", method=0)), "empty or '.'"),
    "only a slash": (forge(folder("/", method=0)), "empty name"),
    "name too long": (forge(named("a" * 256)), "longer than 255"),
    "name not UTF-8": (forge(named(b"a\xff", flags=0x800)), "UTF-8"),
    "name in an old code page": (forge(named("ü.py".encode("cp437"), flags=0)), "UTF-8"),
    "same name twice": (forge(FINE, FINE), "twice"),
    "folder twice": (forge(*[folder("d/", method=0)] * 2), "twice"),
    "file and folder": (forge(named("a"), named("a/b")), "file and a folder"),
    "file and listed folder": (forge(named("a"), folder("a/", method=0)), "file and a folder"),
    "symbolic link": (forge(ForgedMember(attributes=mode(stat.S_IFLNK))), "symbolic link"),
    "character device": (forge(ForgedMember(attributes=mode(stat.S_IFCHR))), "device"),
    "block device": (forge(ForgedMember(attributes=mode(stat.S_IFBLK))), "device"),
    "pipe": (forge(ForgedMember(attributes=mode(stat.S_IFIFO))), "device"),
    "socket": (forge(ForgedMember(attributes=mode(stat.S_IFSOCK))), "device"),
    "set user id": (forge(ForgedMember(attributes=mode(stat.S_IFREG | stat.S_ISUID))), "set-user-id"),
    "folder mode on a file": (forge(ForgedMember(attributes=mode(stat.S_IFDIR))), "folder"),
    "folder with content": (forge(named("d/")), "folder by its name"),
    "encrypted": (forge(ForgedMember(flags=1)), "encrypted"),
    "strong encryption": (forge(ForgedMember(flags=1 << 6)), "differently"),
    "patched data": (forge(ForgedMember(flags=1 << 5)), "differently"),
    "masked headers": (forge(ForgedMember(flags=1 << 13)), "differently"),
    "bzip2": (forge(ForgedMember(method=12)), "method 12"),
    "deflate64": (forge(ForgedMember(method=9)), "method 9"),
    "zstandard": (forge(ForgedMember(method=93)), "method 93"),
    "format of the future": (forge(ForgedMember(central={"needed": 90})), "newer"),
    "stored with two sizes": (forge(ForgedMember(method=0, central={"packed": 3}, local={"packed": 3})), "two sizes"),
    "other name in the local header": (forge(ForgedMember(local={"name": b"z.txt"})), "different names"),
    "other method in the local header": (forge(ForgedMember(local={"method": 0})), "different flags or methods"),
    "other flags in the local header": (forge(ForgedMember(local={"flags": 0x800})), "different flags or methods"),
    "other size in the local header": (forge(ForgedMember(local={"size": 1})), "different sizes"),
    "other checksum in the local header": (forge(ForgedMember(local={"crc": 1})), "different sizes or checksums"),
    "no local header": (forge(ForgedMember(local={"signature": b"XXXX"})), "no local header"),
    "second name in extra": (forge(ForgedMember(extra=b"\x75\x70\x0a\x00\x01abcdz.txt")), "second name"),
    "damaged extra": (forge(ForgedMember(extra=b"\x01\x00\xff")), "damaged extra"),
    "damaged local extra": (forge(ForgedMember(local={"extra": b"\x01\x00\xff\xff"})), "damaged extra"),
    "the same extra twice": (forge(ForgedMember(extra=b"\x99\x99\x00\x00" * 2)), "damaged extra"),
    "two members share bytes": (forge(FINE, ForgedMember(name=b"b.txt", central={"shift": -RECORD})), "overlaps"),
    "one member inside another": (
        forge(ForgedMember(data=BOMB, content=b"x"), named("b", central={"shift": -4})),
        "overlaps",
    ),
    "bytes between members": (forge(ForgedMember(after=b"hidden"), OTHER), "belong to no member"),
    "hidden member": (forge(ForgedMember(after=forge(OTHER)), OTHER), "belong to no member"),
    "descriptor missing": (forge(STREAMED, OTHER), "descriptor"),
    "descriptor lies": (forge(ForgedMember(flags=8, local=UNKNOWN, after=b"PK\x07\x08" + b"\1" * 12)), "descriptor"),
    "more than it declares": (forge(ForgedMember(data=BOMB)), "more than the 17"),
    "less than it declares": (forge(ForgedMember(data=deflated(b"hi"))), "instead of the 17"),
    "bomb in total": (forge(ForgedMember(content=b"\0" * 3_000_000)), "1048576 are allowed"),
    "bytes behind the content": (
        forge(ForgedMember(data=deflated(b"hello hello hello") + b"!")),
        "after its compressed",
    ),
    "not deflate": (forge(ForgedMember(data=b"\xff\xff\xff\xff")), "cannot be unpacked"),
    "deflate cut off": (forge(ForgedMember(data=deflated(b"hello hello hello")[:-3])), "instead of the 17"),
    "stored content damaged": (forge(ForgedMember(method=0, data=b"hellO hello hello")), "checksum"),
    "deflated content damaged": (forge(ForgedMember(data=deflated(b"hellO hello hello"))), "checksum"),
}


@pytest.mark.parametrize(("data", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_archive_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(VerificationError) as caught:
        read(data)
    messages = [problem.message for problem in caught.value.problems]
    assert any(reason in message for message in messages), messages
    assert {problem.file for problem in caught.value.problems} == {"case.zip"}


HARMLESS: dict[str, bytes] = {
    "deflated": forge(FINE),
    "stored": forge(ForgedMember(method=0)),
    "nothing inside": forge(),
    "folders listed": forge(folder("d/", method=0), named("d/a")),
    "folder written as deflated": forge(folder("d/", method=8)),
    "comment": forge(FINE, end={"comment": b"made by hand"}),
    "ZIP64 end record": forge(FINE, zip64=True),
    "ZIP64 saturated end": forge(FINE, zip64=True, end={"here": 0xFFFF, "entries": 0xFFFF}),
    "ZIP64 sizes in the local header": forge(
        ForgedMember(
            local={
                "size": 0xFFFFFFFF,
                "packed": 0xFFFFFFFF,
                "extra": zip64_extra(17, len(deflated(b"hello hello hello"))),
            }
        )
    ),
    "streamed with descriptor": forge(ForgedMember(flags=8, local=UNKNOWN, after=descriptor(FINE)), OTHER),
    "streamed, unsigned descriptor": forge(
        ForgedMember(flags=8, local=UNKNOWN, after=descriptor(FINE, signed=False)), OTHER
    ),
    "streamed, wide descriptor": forge(ForgedMember(flags=8, local=UNKNOWN, after=descriptor(FINE, wide=True))),
    "UTF-8 name": forge(named("größe.py")),
    "times in extra fields": forge(ForgedMember(extra=b"UT\x05\x00\x03abcd")),
    "no mode at all": forge(ForgedMember(attributes=0)),
    "compression level in the flags": forge(ForgedMember(flags=2)),
    "a dot file and three dots": forge(named(".env"), named("...")),
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=HARMLESS.keys())
def test_archives_of_real_tools_are_accepted(data: bytes) -> None:
    assert all(not member.path.endswith("/") for member in read(data))


def test_a_member_has_its_digest_and_the_offset_of_its_bytes() -> None:
    data = forge(named("a.py", attributes=(stat.S_IFREG | 0o700) << 16))
    (member,) = read(data)
    assert member.sha256 == hashlib.sha256(b"hello hello hello").hexdigest()
    assert (member.path, member.mode, member.size, member.method) == ("a.py", 0o755, 17, 8)
    assert data[member.offset : member.offset + member.compressed_size] == deflated(b"hello hello hello")


def test_all_problems_of_an_archive_are_reported_at_once() -> None:
    with pytest.raises(VerificationError) as caught:
        read(forge(named("../a"), named("/b"), named("c\\d")))
    assert len(caught.value.problems) == 3


def test_a_thousand_problems_do_not_flood_the_reader() -> None:
    with pytest.raises(VerificationError) as caught:
        read(forge(*(named(f"../{number}") for number in range(1000))))
    assert caught.value.problems[-1].message == "This archive has 950 more problems."


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """The declared sizes decide, so nothing is inflated: a lie about them ends at the declared size."""
    with pytest.raises(VerificationError, match="not a ZIP that all programs read the same way"):
        read(forge(ForgedMember(data=BOMB, content=b"\0" * 3_000_000)), limit=1000)


SOUND = forge(named("a.txt"), folder("d/", method=0), named("d/b.py", method=0), named("ü"))


@given(position=st.integers(0, len(SOUND) - 1), value=st.integers(0, 255))
def test_one_changed_byte_is_refused_or_changes_no_content(position: int, value: int) -> None:
    """Times, versions, modes and folder attributes are free; content, names and structure are not."""
    mutated = SOUND[:position] + bytes([value]) + SOUND[position + 1 :]
    before = {(member.path, member.sha256, member.size) for member in read(SOUND)}
    try:
        after = {(member.path, member.sha256, member.size) for member in read(mutated)}
    except VerificationError:
        return
    assert after == before


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but the kit's own error comes out, whatever goes in."""
    for candidate in (data, SOUND[: len(SOUND) // 2] + data, data + SOUND[len(SOUND) // 2 :]):
        with suppress(VerificationError):
            read(candidate)


EDITS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 9), st.binary(max_size=9)), min_size=1, max_size=4)


@given(EDITS)
def test_what_is_accepted_is_what_zipfile_reads(edits: list[tuple[int, int, bytes]]) -> None:
    """Bytes are cut out and put in anywhere; whenever the reader still says yes, Python's zipfile sees the same."""
    data = SOUND
    for position, cut, added in edits:
        data = data[:position] + added + data[position + cut :]
    with suppress(VerificationError):
        ours = {(member.path, member.sha256) for member in read(data)}
        with zipfile.ZipFile(BytesIO(data)) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
            assert {(info.filename, hashlib.sha256(archive.read(info)).hexdigest()) for info in files} == ours
