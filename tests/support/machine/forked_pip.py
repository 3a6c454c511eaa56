"""pip in processes that are forked from one that has its libraries: a start takes a tenth of the time.

The code, the arguments, the environment and the folder are those of ``python -P -m pip``. Only the imports are done
once for all runs. Of the environment, an import of pip reads where the cache is, so a run gets that as a setting.
"""

from __future__ import annotations

import io
import os
import runpy
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from builder.host import process
from tests.support.machine.forked_processes import FORKED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START = (sys.executable, "-P", "-m", "pip")
_run = process.run


def run(
    argv: Sequence[str], *, cwd: Path | None, environment: Mapping[str, str] | None = None, text: str = ""
) -> process.CompletedProcess:
    """``builder.host.process.run``: a pip without input is forked, every other program is started."""
    if tuple(argv[: len(START)]) != START or text:
        return _run(argv, cwd=cwd, environment=environment, text=text)
    variables = dict(os.environ if environment is None else environment)
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        forked = FORKED.Process(target=_pip, args=(argv[len(START) :], cwd or Path.cwd(), variables, out, err))
        forked.start()
        forked.join()
        printed, reported = (file.read_text("utf-8", errors="replace") for file in (out, err))
        code = forked.exitcode
        forked.close()
    return process.CompletedProcess(argv=tuple(argv), returncode=code or 0, stdout=printed, stderr=reported)


def _pip(arguments: Sequence[str], cwd: Path, variables: dict[str, str], out: Path, err: Path) -> None:
    """What ``python -P -m pip`` does, in a process that was forked."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(variables)
    if arguments[0] != "config":  # it prints all settings
        os.environ.setdefault("PIP_CACHE_DIR", str(Path("~/.cache/pip").expanduser()))
    for number, file, flags in ((0, Path(os.devnull), os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        opened = os.open(file, flags | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(os.fdopen(number, mode, closefd=False), encoding="utf-8", write_through=True)
        for number, mode in ((0, "rb"), (1, "wb"), (2, "wb"))
    )
    sys.argv = ["pip", *arguments]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
