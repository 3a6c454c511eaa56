"""Compiles sources to bytecode that is valid on Lambda's read-only disk, whatever the times of the files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from builder.archive.compression import compressor, spliced_entry
from builder.archive.writer import pack_members
from builder.build_values import REGULAR_MODE, Entry
from builder.coldstart.canonical_bytecode import canonicalize
from builder.coldstart.unpacking import unpack
from builder.host import process
from builder.host.fingerprint import code_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.archive.cached_results import PackStorage
    from builder.host.interpreters import Interpreter

_SCRIPT: Final = Path(__file__).with_name("interpreter_scripts") / "compile_sources.py"
_HEADER: Final = 16
_TASK_ROOT: Final = "/var/task/"
"""Where Lambda unpacks the ZIP; tracebacks show paths below it."""


def bytecode_entries(sources: Sequence[Entry], interpreter: Interpreter, store: PackStorage) -> tuple[Entry, ...]:
    """One entry of bytecode for each source that this Python can compile.

    The store keeps the bytecode: one pack for the sources of one package, under a key made from
    their paths and contents and the interpreter's release.

    Args:
        sources: Entries of ``.py`` files.
        interpreter: Of the runtime's version.
        store: Where packs are kept.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in sources:
        groups.setdefault(entry.owner, []).append(entry)
    keys = {owner: _key(group, interpreter) for owner, group in groups.items()}
    stored = {owner: store.find(key) for owner, key in keys.items()}
    missing = {owner: group for owner, group in groups.items() if stored[owner] is None}
    if missing:
        with store.work_folder() as folder:
            for owner, files in _compile(missing, interpreter, folder).items():
                pack = folder / f"{keys[owner]}.zip"
                pack_members(files, pack)
                stored[owner] = store.add(keys[owner], pack)
    return tuple(
        spliced_entry(member.path, member, pack.file, owner)
        for owner, pack in stored.items()
        if pack is not None
        for member in pack.members
    )


def bytecode_path(source: str, tag: str) -> str:
    """Where the import system expects the bytecode of a source: ``a/__pycache__/b.cpython-313.pyc``."""
    folder, slash, name = source.rpartition("/")
    return f"{folder}{slash}__pycache__/{name.removesuffix('.py')}.{tag}.pyc"


def _key(group: Sequence[Entry], interpreter: Interpreter) -> str:
    key_parts = [
        code_digest(),
        interpreter.release,
        compressor(),
        sorted((entry.path, entry.sha256) for entry in group),
    ]
    return hashlib.sha256(f"bytecode {json.dumps(key_parts)}".encode()).hexdigest()


def _compile(
    groups: Mapping[str, Sequence[Entry]], interpreter: Interpreter, folder: Path
) -> dict[str, list[tuple[str, int, bytes]]]:
    """(path, mode, content) of the bytecode of each group, compiled by one new process in a fixed order."""
    ordered = sorted((entry for group in groups.values() for entry in group), key=lambda entry: entry.path)
    code, output, job = folder / "code", folder / "compiled", folder / "job.json"
    unpack(ordered, code)
    output.mkdir()
    names = {entry.path: output / str(number) for number, entry in enumerate(ordered)}
    job.write_text(
        json.dumps([[str(code / path), _TASK_ROOT + path, str(target)] for path, target in names.items()]), "utf-8"
    )
    process.run(
        [str(interpreter.program), "-s", "-S", "-B", str(_SCRIPT), str(job)],
        cwd=folder,
        environment={"PYTHONHASHSEED": "0", "PYTHONSAFEPATH": "1"},
    )
    return {
        owner: [
            (
                bytecode_path(entry.path, interpreter.tag),
                REGULAR_MODE,
                _canonical_content(names[entry.path], interpreter),
            )
            for entry in group
            if names[entry.path].is_file()
        ]
        for owner, group in groups.items()
    }


def _canonical_content(file: Path, interpreter: Interpreter) -> bytes:
    data = file.read_bytes()
    return data[:_HEADER] + canonicalize(data[_HEADER:], interpreter.version)
