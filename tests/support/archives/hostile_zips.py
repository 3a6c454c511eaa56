"""Hostile ZIPs by family, and intact ZIPs damaged at random, with the result that every reader must have.

Hostile ones must be refused. Damaged ones must be refused or read as Python's own ``zipfile`` reads them.
"""

from __future__ import annotations

import hashlib
import stat
import struct
import time
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from builder.archive.entry_paths import path_problem
from builder.archive.reader import read_stream
from builder.errors import VerificationError
from tests.support.archives.forged_zips import ForgedMember, deflated, forge, named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

LIMIT = 250 << 20
"""What Lambda unpacks."""

PLAIN = named("plain.txt")
OTHER = named("zz.txt")
ZEROS = b"\0" * (8 << 20)
NOTHING = deflated(ZEROS)

PATHS: tuple[str | bytes, ...] = (
    *(
        "/etc/passwd",
        "//server/share",
        "../x",
        "a/../../x",
        "a/..",
        "..",
        ".",
        "./x",
        "a/./x",
        "a//x",
        "/",
        "",
        "a/b/..",
    ),
    *(
        "..\\x",
        "a\\b",
        "C:/x",
        "c:x",
        "Z:\\x",
        "\\\\server\\x",
        "x\0.py",
        "\0",
        "x\n",
        "x\r",
        "x\t",
        "\x1b[2J",
        "x\x7f",
    ),
    *("x\x85", "x\u2028", "x\u2029", "x\u202egnp.exe", "\u2066x\u2069", "\u200ex", "n" * 256, "a/" + "ü" * 128 + "/b"),
    *(b"\xff\xfe", b"caf\xe9.py", b"\xc0\xae\xc0\xae/x", b"\xed\xa0\x80"),
)
KINDS = {
    "symbolic link": stat.S_IFLNK,
    "character device": stat.S_IFCHR,
    "block device": stat.S_IFBLK,
    "pipe": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
    "folder": stat.S_IFDIR,
    "set-user-id": stat.S_IFREG | stat.S_ISUID,
    "set-group-id": stat.S_IFREG | stat.S_ISGID,
}
LIES: dict[str, dict[str, object]] = {
    "another name": {"name": b"other.txt"},
    "a longer name": {"name": b"plain.txt.py"},
    "another method": {"method": 0},
    "another flag": {"flags": 0x800},
    "a bigger size": {"size": 1 << 30},
    "a smaller size": {"size": 1},
    "another packed size": {"packed": 3},
    "another checksum": {"crc": 0xDEADBEEF},
    "no signature": {"signature": b"PK\0\0"},
    "a broken extra field": {"extra": b"\x01\x00\xff\xff"},
    "an extra name": {"extra": b"\x75\x70\x0a\x00\x01abcdz.txt"},
}
ENDS: dict[str, dict[str, object]] = {
    "bytes behind": {"trailing": b"\0"},
    "a script behind": {"trailing": b"\n#!/bin/sh\nid\n"},
    "a second ZIP behind": {"trailing": forge(OTHER)},
    "a ZIP in the comment": {"comment": forge(OTHER)},
    "an end record in the comment": {"comment": forge()},
    "a comment cut off": {"comment": b"abc", "comment_length": 4},
    "a comment that goes on": {"comment": b"abc", "comment_length": 1},
    "bytes before the end record": {"between": b"hidden"},
    "a locator that points away": {"between": b"PK\x06\x07" + b"\xff" * 16},
    "another start": {"start": 1},
    "a start far away": {"start": 0xFFFFFFF0},
    "a directory too short": {"size": 10},
    "a directory too long": {"size": 0xFFFFFFF0},
    "fewer members": {"here": 0, "entries": 0},
    "more members": {"here": 9, "entries": 9},
    "members elsewhere": {"here": 0},
    "a second disk": {"disk": 1},
    "65535 members and no ZIP64": {"here": 0xFFFF, "entries": 0xFFFF},
}


def hostile() -> Iterator[tuple[str, bytes]]:
    """Every hostile ZIP with its problem."""
    yield from _paths_and_kinds()
    for what, fields in LIES.items():
        yield f"local header with {what}", forge(ForgedMember(name=b"plain.txt", local=fields), OTHER)
        yield f"central record with {what}", forge(ForgedMember(name=b"plain.txt", central=fields), OTHER)
    for what, fields in ENDS.items():
        yield f"archive with {what}", forge(PLAIN, end=fields)
    for method in (1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 14, 16, 18, 19, 20, 93, 94, 95, 96, 97, 98, 99):
        yield f"method {method}", forge(named("bad", method=method))
    for bit in (0, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15):
        yield f"flag bit {bit}", forge(named("bad", flags=1 << bit))
    for before in (b"#!/bin/sh\n", b"MZ" + b"\0" * 62, b"PK", b"\0"):
        yield f"{before[:2]!r} before, offsets as they were", before + forge(PLAIN)
        yield f"{before[:2]!r} before, offsets corrected", forge(ForgedMember(before=before))
    yield from _twins()
    yield from _bombs()
    whole = forge(PLAIN, OTHER)
    for length in range(0, len(whole), max(1, len(whole) // 12)):
        yield f"cut off after {length} bytes", whole[:length]


def _paths_and_kinds() -> Iterator[tuple[str, bytes]]:
    for path in PATHS:
        bad = named(path, flags=0x800) if isinstance(path, bytes) else named(path)
        yield f"path {path!r} alone", forge(bad)
        yield f"path {path!r} last", forge(PLAIN, bad)
    for what, kind in KINDS.items():
        bad = named("bad", attributes=(kind | 0o644) << 16)
        yield f"{what} first", forge(bad, OTHER)
        yield f"{what} last", forge(PLAIN, bad)


def _twins() -> Iterator[tuple[str, bytes]]:
    folder = named("d/", content=b"", method=0, attributes=(stat.S_IFDIR | 0o755) << 16)
    yield "the same file twice", forge(PLAIN, PLAIN)
    yield "the same name, other content", forge(PLAIN, named("plain.txt", content=b"evil"))
    yield "the same folder twice", forge(folder, folder)
    yield "a file that is a folder", forge(named("d"), named("d/x"))
    yield "a file that is a listed folder", forge(named("d"), folder)
    yield "a folder with content", forge(named("d/", content=b"x", method=0))
    yield "bytes between members", forge(ForgedMember(after=b"hidden"), OTHER)
    yield "a hidden member", forge(ForgedMember(after=forge(OTHER)[:80]), OTHER)
    yield "the same extra field twice", forge(ForgedMember(extra=b"\x99\x99\x00\x00" * 2))
    yield "a stored member of two sizes", forge(ForgedMember(method=0, central={"packed": 3}, local={"packed": 3}))


def _bombs() -> Iterator[tuple[str, bytes]]:
    span = 30 + len(PLAIN.name) + len(PLAIN.packed)
    yield "8 MB that declare 10 bytes", forge(ForgedMember(data=NOTHING, content=b"0123456789"))
    yield "40 members of 8 MB", forge(*(named(f"{at}", data=NOTHING, content=ZEROS) for at in range(40)))
    huge = {"size": 0xFFFFFFF0}
    yield "4 GB declared", forge(ForgedMember(data=NOTHING, local=huge, central=huge))
    wide = b"\x01\x00\x08\x00" + struct.pack("<Q", 1 << 60)
    yield (
        "an exabyte declared",
        forge(ForgedMember(extra=wide, local={"size": 0xFFFFFFFF}, central={"size": 0xFFFFFFFF})),
    )
    copies = [named(f"copy{at:04}.txt", central={"shift": -span * at}) for at in range(1, 500)]
    yield "500 members over the same bytes", forge(named("copy0000.txt"), *copies)
    yield "a member inside another", forge(ForgedMember(data=NOTHING, content=b"x"), named("b", central={"shift": -4}))
    yield "a hundred thousand empty members", _many(100_001)
    yield "a thousand bad paths", forge(*(named(f"../{at}") for at in range(1000)))
    yield "bytes behind a deflate stream", forge(ForgedMember(data=deflated(b"abc") + b"hidden", content=b"abc"))
    yield "a deflate stream without end", forge(ForgedMember(data=deflated(b"abc" * 99)[:-3], content=b"abc" * 99))
    yield "no deflate stream at all", forge(ForgedMember(data=b"\xff" * 40, content=b"abc"))


def _many(count: int) -> bytes:
    """An archive of ``count`` empty files, with matching end records."""
    one = forge(ForgedMember(name=b"000000", content=b"", method=0))
    local, central = one[:30], one[36 : 36 + 42]
    names = [b"%06d" % at for at in range(count)]
    body = b"".join(local + name for name in names)
    directory = b"".join(central + struct.pack("<L", 36 * at) + name for at, name in enumerate(names))
    size, start = len(directory), len(body)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + size, 1)
    return (
        body + directory + wide + locator + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *[0xFFFF] * 2, size, start, 0)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The result of reading one ZIP.

    Attributes:
        refused: It was refused by name.
        escaped: A path was accepted that leaves the folder or that programs read differently.
        disagreed: It was accepted, and ``zipfile`` reads other files.
        seconds: Processor time of the reader, which other work on the machine does not change.
    """

    refused: bool
    escaped: bool
    disagreed: bool
    seconds: float


def judge(data: bytes) -> Verdict:
    """Read a ZIP strictly; an unexpected exception is raised."""
    start = time.thread_time()
    try:
        members = read_stream(BytesIO(data), Path("case.zip"), limit=LIMIT)
    except VerificationError:
        return Verdict(refused=True, escaped=False, disagreed=False, seconds=time.thread_time() - start)
    seconds = time.thread_time() - start
    return Verdict(
        refused=False,
        escaped=any(path_problem(member.path) for member in members),
        disagreed=_as_zipfile(data) != {(member.path, member.sha256) for member in members},
        seconds=seconds,
    )


def _as_zipfile(data: bytes) -> set[tuple[str, str]] | None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
            return {(info.filename, hashlib.sha256(archive.read(info)).hexdigest()) for info in files}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError):
        return None


def damaged(random: Random, count: int) -> Iterator[bytes]:
    """Intact ZIPs with one to four random changes each, and as many whose headers agree on strange values."""
    seeds = _sound()
    values = (
        b"\0",
        b"\xff",
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"PK\x01\x02",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"PK\x06\x06",
    )
    for number in range(count):
        if number % 2:
            yield forge(*(_odd(random) for _ in range(random.randrange(1, 4))), zip64=random.random() < 0.2)
            continue
        data = bytearray(random.choice(seeds))
        for _ in range(random.randrange(1, 5)):
            at = random.randrange(len(data) + 1)
            match random.randrange(5):
                case 0 if at < len(data):
                    data[at] ^= 1 << random.randrange(8)
                case 1:
                    del data[at : at + random.randrange(1, 40)]
                case 2:
                    data[at:at] = random.randbytes(random.randrange(1, 20))
                case 3:
                    start = random.randrange(len(data) + 1)
                    data[at:at] = data[start : start + random.randrange(1, 80)]
                case _:
                    value = random.choice(values)
                    data[at : at + len(value)] = value
        yield bytes(data)


def _odd(random: Random) -> ForgedMember:
    """A member with two equal headers, whose values may be strange."""
    content = random.choice((b"", b"abc", b"hello " * 50, random.randbytes(60)))
    fields: dict[str, object] = {}
    for name, values in (
        ("needed", (10, 45, 63, 64, 0xFFFF)),
        ("size", (0, len(content) + 1, 0xFFFFFFFF)),
        ("packed", (0, 1, 0xFFFFFFFF)),
        ("crc", (0, 1)),
        ("extra", (b"UT\x05\0\x03abcd", b"\x01\0\x10\0" + struct.pack("<2Q", len(content), 3), b"\x01\0\0")),
    ):
        if random.random() < 0.12:
            fields[name] = random.choice(values)
    path = random.choice(PATHS) if random.random() < 0.15 else random.choice(("a", "b", "d/e", "d/", "ü", "d"))
    return named(
        path,
        content=content,
        method=random.choice((0, 8, 8, 8, 9)),
        flags=random.choice((0, 0, 2, 8, 0x800, 0x800)),
        attributes=random.choice((0o100644, 0o100755, 0, 0o040755, 0o120777, 0o104755)) << 16,
        local=fields,
        central=fields,
    )


def _sound() -> list[bytes]:
    folder = named("d/", content=b"", method=0, attributes=(stat.S_IFDIR | 0o755) << 16)
    streamed = BytesIO()
    with zipfile.ZipFile(streamed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.py", b"x = 1\n" * 20)
        archive.writestr("b/c.txt", "größe")
        archive.comment = b"a comment"
    return [
        forge(PLAIN, OTHER),
        forge(PLAIN, folder, named("d/b.py", method=0), named("ü")),
        forge(PLAIN, named("b"), zip64=True),
        forge(),
        streamed.getvalue(),
    ]
