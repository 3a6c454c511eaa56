"""Compile sources as the import system would; run as ``python compile_sources.py JOB``.

JOB is a JSON file: a list of [source file, its path on Lambda, file to write]. A source that is not
valid in this version of Python is skipped: it fails only if it is imported.
"""

from __future__ import annotations

import importlib.util
import json
import marshal
import operator
import sys
import warnings
from pathlib import Path
from types import CodeType

UNCHECKED_HASH = 1
"""PEP 552: always valid, and never compared with the source."""


def main(job: str) -> None:
    """Compile each source of a job."""
    warnings.simplefilter("ignore")
    for source, shown, target in json.loads(Path(job).read_text("utf-8")):
        content = Path(source).read_bytes()
        try:
            code = compile(content, shown, "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            continue
        code = with_shared_sets(code, {})
        header = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little")
        Path(target).write_bytes(header + importlib.util.source_hash(content) + marshal.dumps(code))


def with_shared_sets(code: CodeType, known: dict[tuple[str, ...], frozenset[object]]) -> CodeType:
    """The code with equal sets as one object.

    Whether the compiler of CPython 3.12 merges them depends on their addresses in memory, and so
    would the bytes.
    """
    constants: list[object] = []
    for constant in code.co_consts:
        shared: object = constant
        if isinstance(constant, CodeType):
            shared = with_shared_sets(constant, known)
        elif isinstance(constant, frozenset):
            shared = known.setdefault(tuple(sorted(map(repr, constant))), constant)
        constants.append(shared)
    if all(map(operator.is_, constants, code.co_consts)):
        return code
    return code.replace(co_consts=tuple(constants))


if __name__ == "__main__":
    main(sys.argv[1])
