"""The cached result of scanning a pack, beside it in the store: ``packs/<2 hex>/<key>.natives``.

A line with a sha256, then one JSON document with that digest. A record that is damaged, from other code, or about other
files than the pack's counts as absent, and the pack is scanned again.
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
        natives: By path in the pack.
        members: All members of the pack; the record is bound to their contents.
        code: Digest of the code that scanned it.
    """
    digests = {member.path: member.sha256 for member in members}
    rows = [[path, digests[path], native.file_format.name, _row(native.elf)] for path, native in natives.items()]
    body = json.dumps({"code": code, "files": len(members), "natives": rows}, separators=(",", ":")).encode()
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def load_record(data: bytes, members: Sequence[PackMember], code: str) -> dict[str, NativeFile] | None:
    """Read a record; None when it is damaged, or not for these members or this code."""
    head, _, body = data.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != head:
        return None
    # The digest matches, so the kit wrote it.
    document: dict[str, Any] = json.loads(body)
    if document.get("code") != code or document["files"] != len(members):
        return None
    rows = document["natives"]
    if not rows:
        return {}
    digests = {member.path: member.sha256 for member in members}
    if any(digests.get(path) != sha256 for path, sha256, _, _ in rows):
        return None
    return {
        path: NativeFile(file_format=NativeFormat[file_format], elf=_elf(row)) for path, _, file_format, row in rows
    }


def _row(elf: Elf | None) -> list[object] | None:
    if elf is None:
        return None
    names = (elf.machine, elf.elf_type, elf.interpreter, elf.soname, elf.damage, elf.has_python_init)
    return [*names, elf.needed, elf.rpath, elf.runpath, elf.versions]


def _elf(row: list[Any] | None) -> Elf | None:
    if row is None:
        return None
    machine, elf_type, interpreter, soname, damage, has_python_init, needed, rpath, runpath, versions = row
    return Elf(
        machine=machine,
        elf_type=ElfType(elf_type),
        interpreter=interpreter,
        soname=soname,
        damage=damage,
        has_python_init=has_python_init,
        needed=tuple(needed),
        rpath=tuple(rpath),
        runpath=tuple(runpath),
        versions=tuple((library, version) for library, version in versions),
    )
