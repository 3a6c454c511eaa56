"""One single change to an artifact, its report or its lock: ``verify --rebuild`` must report each.

A forger who changes the ZIP may correct the report too, so half of those changes come with digests and sizes in the
report that fit the changed file.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.archive.reader import read_stream
from builder.archive.tree_digest import tree_digest
from builder.errors import VerificationError
from tests.support.archives.forged_zips import ForgedMember, forge, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    Change = Callable[["IntactArtifact", Random], "ChangedArtifact"]


@dataclass(frozen=True, kw_only=True)
class IntactArtifact:
    """An artifact, its report and its lock as the kit wrote them."""

    archive: bytes
    report: bytes
    lock: bytes

    @property
    def members(self) -> list[ForgedMember]:
        """The artifact's members, ready to be forged again."""
        return [
            named(
                member.path,
                method=member.method,
                data=self.archive[member.offset : member.offset + member.compressed_size],
                attributes=(0o100000 | member.mode) << 16,
                local=(fields := {"crc": member.crc32, "size": member.size}),
                central=fields,
            )
            for member in read_stream(BytesIO(self.archive), Path("sound.zip"))
        ]


@dataclass(frozen=True, kw_only=True)
class ChangedArtifact(IntactArtifact):
    """The same with one change, and the kinds of difference that must be reported (none: any kind, or a refusal)."""

    what: str
    kinds: frozenset[str] = frozenset()


def mutations(sound: IntactArtifact, random: Random, count: int) -> Iterator[ChangedArtifact]:
    """``count`` single changes of all kinds in turn, at random places."""
    for number in range(count):
        changed = CHANGES[number % len(CHANGES)](sound, random)
        if changed.archive != sound.archive and random.random() < 0.5:
            changed = _mend_report(changed)
        yield changed


def _forged(sound: IntactArtifact, members: list[ForgedMember], what: str, *kinds: str, **end: Any) -> ChangedArtifact:  # noqa: ANN401 - any field of the end record
    archive = forge(*members, end=end)
    return ChangedArtifact(archive=archive, report=sound.report, lock=sound.lock, what=what, kinds=frozenset(kinds))


def _flipped(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    at, bit = random.randrange(len(sound.archive)), 1 << random.randrange(8)
    archive = bytearray(sound.archive)
    archive[at] ^= bit
    return ChangedArtifact(
        archive=bytes(archive), report=sound.report, lock=sound.lock, what=f"bit {bit} of byte {at} flipped"
    )


def _file_added(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    name = f"{random.choice(('', 'one/', 'data/', 'new/'))}x{random.randrange(10**6)}.py"
    members = [*sound.members, named(name, content=b"import os\n", method=0)]
    return _forged(sound, sorted(members, key=lambda member: member.name), f"{name} added", "extra")


def _file_removed(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    members = sound.members
    gone = members.pop(random.randrange(len(members)))
    return _forged(sound, members, f"{gone.name!r} removed", "missing")


def _content_changed(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    members = sound.members
    at = random.randrange(len(members))
    other = named(members[at].name, content=b"other %d\n" % random.randrange(10**9), attributes=members[at].attributes)
    members[at] = other
    return _forged(sound, members, f"{other.name!r} has other content", "content")


def _mode_changed(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    members = sound.members
    at = random.randrange(len(members))
    now = members[at].attributes >> 16
    mode = random.choice([one for one in (0o100600, 0o100644, 0o100755, 0o100777, 0o100444, 0o101755) if one != now])
    members[at] = replace(members[at], attributes=mode << 16)
    return _forged(sound, members, f"{members[at].name!r} has mode {mode:o}", "mode")


def _extra_field(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    members = sound.members
    at, extra = random.randrange(len(members)), b"UT\x05\x00\x03" + random.randbytes(4)
    sides = random.choice((("local", "central"), ("local",), ("central",)))
    local, central = (
        {**fields, "extra": extra} if side in sides else fields
        for side, fields in (("local", members[at].local), ("central", members[at].central))
    )
    members[at] = replace(members[at], local=local, central=central)
    return _forged(sound, members, f"{members[at].name!r} has an extra field in {sides}", "header")


def _order_changed(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    members = sound.members
    at = random.randrange(len(members) - 1)
    members[at : at + 2] = members[at : at + 2][::-1]
    return _forged(sound, members, f"members {at} and {at + 1} changed places", "order")


def _compressed_otherwise(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    members = sound.members
    at = random.choice([number for number, member in enumerate(members) if member.method])
    content = _unpacked(members[at])
    members[at] = named(members[at].name, content=content, method=0, attributes=members[at].attributes)
    return _forged(sound, members, f"{members[at].name!r} is stored", "compressor")


def _folder_listed(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    name = f"{random.choice(('one', 'data', 'elsewhere'))}/"
    members = [*sound.members, named(name, content=b"", method=0, attributes=0o040755 << 16)]
    return _forged(sound, sorted(members, key=lambda member: member.name), f"folder {name} listed", "extra")


def _comment(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    return _forged(sound, sound.members, "a comment", "bytes", comment=random.randbytes(5).replace(b"P", b"p"))


def _trailing(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    more = random.randbytes(random.randrange(1, 30))
    return ChangedArtifact(
        archive=sound.archive + more, report=sound.report, lock=sound.lock, what=f"{len(more)} bytes behind"
    )


def _cut_off(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    length = random.randrange(len(sound.archive))
    return ChangedArtifact(
        archive=sound.archive[:length], report=sound.report, lock=sound.lock, what=f"cut after {length}"
    )


def _lock_hash(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    text = sound.lock.decode()
    found = random.choice(list(re.finditer(r"--hash=sha256:([0-9a-f]{64})", text)))
    at = found.start(1) + random.randrange(64)
    other = random.choice([digit for digit in "0123456789abcdef" if digit != text[at]])
    lock = (text[:at] + other + text[at + 1 :]).encode()
    return ChangedArtifact(
        archive=sound.archive, report=sound.report, lock=lock, what="a hash of the lock", kinds=frozenset({"lock"})
    )


def _report_field(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    report = json.loads(sound.report)
    key, owner, name = random.choice(list(_leaves("", report)))
    value = owner[name]
    owner[name] = value + 1 if isinstance(value, int) else f"{value}x"
    return _reported(sound, report, f"the report's {key}")


def _report_key(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    report = json.loads(sound.report)
    key, owner, name = random.choice(list(_leaves("", report)))
    if isinstance(owner, dict) and random.random() < 0.5:
        owner["added"] = 1
        return _reported(sound, report, f"a key beside the report's {key}")
    del owner[name]
    return _reported(sound, report, f"the report lacks {key}")


def _report_byte(sound: IntactArtifact, random: Random) -> ChangedArtifact:
    at = random.randrange(len(sound.report))
    report = bytearray(sound.report)
    report[at] ^= 1 << random.randrange(7)
    return ChangedArtifact(archive=sound.archive, report=bytes(report), lock=sound.lock, what=f"the report's byte {at}")


def _reported(sound: IntactArtifact, report: object, what: str) -> ChangedArtifact:
    text = (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode()
    return ChangedArtifact(archive=sound.archive, report=text, lock=sound.lock, what=what)


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - JSON
    for name, child in value.items() if isinstance(value, dict) else enumerate(value):
        at = f"{key}.{name}"
        if isinstance(child, dict | list):
            yield from _leaves(at, child)
        else:
            yield at, value, name


def _unpacked(member: ForgedMember) -> bytes:
    import zlib

    return zlib.decompress(member.packed, -15)


def _mend_report(changed: ChangedArtifact) -> ChangedArtifact:
    """Update the report's digests and sizes to the changed file, as a forger would do."""
    try:
        members = read_stream(BytesIO(changed.archive), Path("mutated.zip"))
    except VerificationError:
        return changed
    report = copy.deepcopy(json.loads(changed.report))
    report["artifact"] |= {
        "sha256": hashlib.sha256(changed.archive).hexdigest(),
        "treeDigest": tree_digest(members),
        "size": len(changed.archive),
        "unpackedSize": sum(member.size for member in members),
        "files": len(members),
    }
    text = (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode()
    return replace(changed, report=text, what=f"{changed.what}, and the report corrected")


CHANGES: tuple[Change, ...] = (
    _flipped,
    _file_added,
    _file_removed,
    _content_changed,
    _mode_changed,
    _extra_field,
    _order_changed,
    _compressed_otherwise,
    _folder_listed,
    _comment,
    _trailing,
    _cut_off,
    _lock_hash,
    _report_field,
    _report_key,
    _report_byte,
)
