"""What was found in a pack, kept beside it in the store: ``packs/<2 hex>/<key>.natives``.

A line with the sha256 of the rest, then one JSON document. A record that is damaged, written by other code, or about
other files than the pack has, counts as absent; then the pack is read again.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from builder.natives.elf import Elf, ElfType
from builder.natives.native_files import NativeFile, NativeFormat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.build_values import PackMember

SUFFIX = ".natives"


def dump_record(natives: Mapping[str, NativeFile], members: Sequence[PackMember], code: str) -> bytes:
    """The bytes of a record.

    Args:
        natives: What was found, by path in the pack.
        members: All of the pack; binds the record to their contents.
        code: Digest of the code that found it.
    """
    digests = {member.path: member.sha256 for member in members}
    rows = [[path, digests[path], native.kind.name, _row(native.elf)] for path, native in natives.items()]
    body = json.dumps({"code": code, "files": len(members), "natives": rows}, separators=(",", ":")).encode()
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def load_record(data: bytes, members: Sequence[PackMember], code: str) -> dict[str, NativeFile] | None:
    """Read a record back, or None when it is not one of these members or not one of this code."""
    head, _, body = data.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != head:
        return None
    # The digest holds, so a kit wrote it.
    document: dict[str, Any] = json.loads(body)
    if document.get("code") != code or document["files"] != len(members):
        return None
    rows = document["natives"]
    if not rows:
        return {}
    digests = {member.path: member.sha256 for member in members}
    if any(digests.get(path) != sha256 for path, sha256, _, _ in rows):
        return None
    return {path: NativeFile(kind=NativeFormat[kind], elf=_elf(row)) for path, _, kind, row in rows}


def _row(elf: Elf | None) -> list[object] | None:
    if elf is None:
        return None
    names = (elf.machine, elf.form, elf.interpreter, elf.soname, elf.damage, elf.initialises)
    return [*names, elf.needed, elf.rpath, elf.runpath, elf.versions]


def _elf(row: list[Any] | None) -> Elf | None:
    if row is None:
        return None
    machine, form, interpreter, soname, damage, initialises, needed, rpath, runpath, versions = row
    return Elf(
        machine=machine,
        form=ElfType(form),
        interpreter=interpreter,
        soname=soname,
        damage=damage,
        initialises=initialises,
        needed=tuple(needed),
        rpath=tuple(rpath),
        runpath=tuple(runpath),
        versions=tuple((library, version) for library, version in versions),
    )
