"""What a cold start of the generated plugins pays for: importing the handler from the packaged ZIP."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.timing import Times
from benchmarks.workloads import REPOSITORY
from tests.support.packaged import find_python, unpack_read_only

if TYPE_CHECKING:
    from pathlib import Path

PYTHON_IMPORT = "import time; start = time.perf_counter(); import index; print(time.perf_counter() - start)"
NODE_IMPORT = (
    "const start = performance.now(); await import(process.cwd() + '/index.js'); "
    "console.log((performance.now() - start) / 1000)"
)
BARS = {"python": 0.15, "javascript": 0.08}


def measure(home: Path, runs: int) -> list[str]:
    """One table row per language."""
    return [_row(language, home, max(runs, 10)) for language in BARS]


def _row(language: str, home: Path, runs: int) -> str:
    plugin = home / f"cold-{language}"
    _run(
        [
            sys.executable,
            "-m",
            "copier",
            "copy",
            "-q",
            "--defaults",
            "-d",
            f"language={language}",
            str(REPOSITORY),
            str(plugin),
        ]
    )
    _run([sys.executable, "-m", "builder", "package", "--project", str(plugin)])
    code = unpack_read_only(next((plugin / "dist").glob("*.zip")), home / f"cold-{language}-code")
    argv = ["node", "--input-type=module", "-e", NODE_IMPORT]
    if language == "python":
        interpreter = find_python("3.13") or sys.executable
        argv = [str(interpreter), "-B", "-c", PYTHON_IMPORT]
    environment = {**os.environ, "PYTHONPATH": "", "BIOT_APP_NAME": "Bench"}
    seconds = [
        float(subprocess.run(argv, cwd=code, env=environment, capture_output=True, text=True, check=True).stdout)
        for _ in range(runs + 1)
    ]
    times = Times(tuple(seconds[1:]))
    bar = BARS[language]
    met = "met" if times.median < bar else "**missed**"
    label = "without bytecode" if language == "python" else "Node.js"
    return f"| importing the handler of the default plugin, {language} ({label}) | {times} | under {bar} s | {met} |"


def _run(argv: list[str]) -> None:
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
