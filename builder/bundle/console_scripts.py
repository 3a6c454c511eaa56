"""Console scripts that ``[build] scripts`` keeps: found in the packages, written as Lambda can start them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.archive.entries import compressed, owner_of, spliced
from builder.archive.reader import read_content
from builder.build_values import EXECUTABLE_MODE
from builder.bundle.placement import data_folder, metadata_folder
from builder.errors import PackagingError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from builder.build_values import Entry, Pack, PackMember
    from builder.manifest.model import Manifest

SCRIPTS_FOLDER = "bin"
_REFERENCE = re.compile(r"(?P<module>[A-Za-z_][\w.]*):(?P<attribute>[A-Za-z_][\w.]*)(?:\s*\[.*\])?")
_PLACEHOLDER = (b"#!python", b"#!pythonw")
"""The wheel format leaves the interpreter's path to the installer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Script:
    """A script of a package: a file of it, or the text of a launcher."""

    name: str
    pack: Pack
    member: PackMember | None = None
    content: bytes = b""


def console_script_entries(manifest: Manifest, packs: Sequence[Pack]) -> tuple[Entry, ...]:
    """An entry for every script that ``[build] scripts`` names; nothing is read when it names none.

    Raises:
        PackagingError: No package has a script of that name; the message lists those that there are.
    """
    wanted = manifest.build.scripts
    if not wanted:
        return ()
    interpreter = f"/var/lang/bin/python{manifest.runtime.version}"
    offered: dict[str, _Script] = {}
    for pack in packs:
        for offer in (*_files(pack), *_launchers(pack, interpreter)):
            offered.setdefault(offer.name, offer)
    missing = [name for name in wanted if name not in offered]
    if missing:
        msg = "[build] scripts names scripts that no package has."
        raise PackagingError(
            msg,
            hint=f"Packages of this lock have: {', '.join(sorted(offered)) or 'none'}.",
            problems=[
                Problem(file=manifest.file.name, key="build.scripts", message=f"No package has a script {name!r}.")
                for name in missing
            ],
        )
    return tuple(_entry(offered[name], interpreter) for name in sorted(set(wanted)))


def launcher(interpreter: str, module: str, attribute: str) -> bytes:
    """The text that starts an entry point from ``bin/``, with the artifact's root on the module path.

    Lambda keeps its interpreter in ``/var/lang/bin`` (AWS's base images), and puts only the handler's process on the
    artifact's root.
    """
    first = attribute.split(".", 1)[0]
    return (
        f"#!{interpreter}\n"
        "import os\n"
        "import sys\n"
        "\n"
        "sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))\n"
        "\n"
        f"from {module} import {first}\n"
        "\n"
        f"sys.exit({attribute}())\n"
    ).encode()


def entry_points(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, module and attribute of every console script in an ``entry_points.txt``."""
    import configparser

    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign, assignment]  # names keep their case: the documented way
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    if not parser.has_section("console_scripts"):
        return
    for name, reference in parser.items("console_scripts"):
        found = _REFERENCE.fullmatch(reference.strip())
        if found and "/" not in name:
            yield name, found["module"], found["attribute"]


def _launchers(pack: Pack, interpreter: str) -> Iterator[_Script]:
    wanted = f"{metadata_folder(pack)}/entry_points.txt"
    for member in pack.members:
        if member.path == wanted:
            text = read_content(pack.file, member).decode("utf-8", "replace")
            for name, module, attribute in entry_points(text):
                yield _Script(name=name, pack=pack, content=launcher(interpreter, module, attribute))


def _files(pack: Pack) -> Iterator[_Script]:
    data = data_folder(pack)
    folder = f"{data}scripts/"
    for member in pack.members:
        if data and member.path.startswith(folder):
            yield _Script(name=member.path.removeprefix(folder), pack=pack, member=member)


def _entry(offer: _Script, interpreter: str) -> Entry:
    content = offer.content
    path = f"{SCRIPTS_FOLDER}/{offer.name}"
    owner = owner_of(offer.pack.package)
    if offer.member:
        content = read_content(offer.pack.file, offer.member)
        first, newline, rest = content.partition(b"\n")
        if first.rstrip().split(b" ")[0] not in _PLACEHOLDER:
            return replace(spliced(path, offer.member, offer.pack.file, owner), mode=EXECUTABLE_MODE)
        content = f"#!{interpreter}".encode() + newline + rest
    return compressed(path, EXECUTABLE_MODE, content, owner)
