"""Compile sources as the import system would; run as ``python compile_sources.py JOB``.

JOB is a JSON file: a list of [source file, its path on Lambda, file to write]. What is no Python of this version is
passed over, as the import system does until somebody imports it.
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
"""PEP 552: valid whatever the source's time says, and never compared with the source."""


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

    Whether the compiler of CPython 3.12 makes them one hangs on where they lie in memory, and the bytes hang on that.
    """
    constants: list[object] = []
    for constant in code.co_consts:
        settled: object = constant
        if isinstance(constant, CodeType):
            settled = with_shared_sets(constant, known)
        elif isinstance(constant, frozenset):
            settled = known.setdefault(tuple(sorted(map(repr, constant))), constant)
        constants.append(settled)
    if all(map(operator.is_, constants, code.co_consts)):
        return code
    return code.replace(co_consts=tuple(constants))


if __name__ == "__main__":
    main(sys.argv[1])
