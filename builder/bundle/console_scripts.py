"""Console scripts that ``[build] scripts`` keeps: finds them in the packages and adapts them to Lambda."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from builder.archive.compression import compressed_entry, owner_of, spliced_entry
from builder.archive.reader import read_content
from builder.build_values import EXECUTABLE_MODE
from builder.bundle.placement import data_folder, metadata_folder
from builder.errors import PackagingError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from builder.build_values import Entry, Pack, PackMember
    from builder.manifest.model import Manifest

SCRIPTS_FOLDER = "bin"
_REFERENCE = r"(?P<module>[A-Za-z_][\w.]*):(?P<attribute>[A-Za-z_][\w.]*)(?:\s*\[.*\])?"
_PLACEHOLDER = (b"#!python", b"#!pythonw")
"""First lines that the wheel format tells installers to replace with the interpreter's path."""


class _Script(Struct, frozen=True, kw_only=True):
    """A script of a package: one of its files, or the text of a launcher for an entry point."""

    name: str
    pack: Pack
    member: PackMember | None = None
    content: bytes = b""


def console_script_entries(manifest: Manifest, packs: Sequence[Pack]) -> tuple[Entry, ...]:
    """An entry for every script that ``[build] scripts`` names; reads nothing when it names none.

    Raises:
        PackagingError: No package has a script of that name; the hint lists the available ones.
    """
    names = manifest.build.scripts
    if not names:
        return ()
    interpreter = f"/var/lang/bin/python{manifest.runtime.version}"
    available: dict[str, _Script] = {}
    for pack in packs:
        for script in (*_script_files(pack), *_launchers(pack, interpreter)):
            available.setdefault(script.name, script)
    missing = [name for name in names if name not in available]
    if missing:
        msg = "[build] scripts lists scripts that no package has."
        raise PackagingError(
            msg,
            hint=f"Scripts in the locked packages: {', '.join(sorted(available)) or 'none'}.",
            problems=[
                Problem(
                    file=manifest.file.name,
                    key="build.scripts",
                    message=f"No package has the script {name!r}.",
                    code="missing-script",
                )
                for name in missing
            ],
        )
    return tuple(_entry(available[name], interpreter) for name in sorted(set(names)))


def launcher(interpreter: str, module: str, attribute: str) -> bytes:
    """The text of a script in ``bin/`` that calls an entry point, with the artifact's root on the module path.

    Lambda has its interpreter in ``/var/lang/bin`` (AWS's base images), and adds the artifact's
    root to the module path of the handler's process only.
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
    parser.optionxform = str  # type: ignore[method-assign, assignment]  # keeps the case of names, as configparser documents
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    if not parser.has_section("console_scripts"):
        return
    for name, reference in parser.items("console_scripts"):
        match = re.fullmatch(_REFERENCE, reference.strip())
        if match and "/" not in name:
            yield name, match["module"], match["attribute"]


def _launchers(pack: Pack, interpreter: str) -> Iterator[_Script]:
    path = f"{metadata_folder(pack)}/entry_points.txt"
    for member in pack.members:
        if member.path == path:
            text = read_content(pack.file, member).decode("utf-8", "replace")
            for name, module, attribute in entry_points(text):
                yield _Script(name=name, pack=pack, content=launcher(interpreter, module, attribute))


def _script_files(pack: Pack) -> Iterator[_Script]:
    data = data_folder(pack)
    folder = f"{data}scripts/"
    for member in pack.members:
        if data and member.path.startswith(folder):
            yield _Script(name=member.path.removeprefix(folder), pack=pack, member=member)


def _entry(script: _Script, interpreter: str) -> Entry:
    content = script.content
    path = f"{SCRIPTS_FOLDER}/{script.name}"
    owner = owner_of(script.pack.package)
    if script.member:
        content = read_content(script.pack.file, script.member)
        first, newline, rest = content.partition(b"\n")
        if first.rstrip().split(b" ")[0] not in _PLACEHOLDER:
            return replace(spliced_entry(path, script.member, script.pack.file, owner), mode=EXECUTABLE_MODE)
        content = f"#!{interpreter}".encode() + newline + rest
    return compressed_entry(path, EXECUTABLE_MODE, content, owner)
