"""What a cold start pays for: importing the handler from the ZIP, as it is and after the manifest's choices."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.timing import Times
from benchmarks.workloads import P_HEAVY, REPOSITORY, P, python_workload
from tests.support.packaged import find_python, unpack_read_only

if TYPE_CHECKING:
    from pathlib import Path

PYTHON_IMPORT = "import time; start = time.perf_counter(); import index; print(time.perf_counter() - start)"
NODE_IMPORT = (
    "const start = performance.now(); await import(process.cwd() + '/index.js'); "
    "console.log((performance.now() - start) / 1000)"
)
BARS = {"python": 0.15, "javascript": 0.08}
P_HANDLER = """\
import dateutil.parser
import jwt
import pydantic
import requests
from cryptography.hazmat.primitives.asymmetric import rsa


class Body(pydantic.BaseModel):
    at: str


def handler(event, context):
    return {"statusCode": 200, "body": str(dateutil.parser.parse(Body(at="2026-11-20").at))}
"""
PRECOMPILED = {
    "P": (P, P_HANDLER, 1.9),
    "P-heavy": (P_HEAVY, f"import numpy\nimport pandas\n{P_HANDLER}", 2.8),
}
"""Requirements, handler, and how many times faster the import must be."""
LARGEST_GROWTH = 1.15


def measure(home: Path, runs: int) -> list[str]:
    """One table row per language, and two for each workload with and without bytecode."""
    plain = [_row(language, home, max(runs, 10)) for language in BARS]
    return plain + [row for name in PRECOMPILED for row in precompiled(name, home, runs)]


def precompiled(name: str, home: Path, runs: int) -> list[str]:
    """How much ``precompile = true`` makes of a workload's import time and of its ZIP."""
    requirements, handler, bar = PRECOMPILED[name]
    workload = python_workload(home / f"precompile-{name}", requirements)
    (workload.folder / "src" / "index.py").write_text(handler, "utf-8")
    sizes, codes = [], []
    for choice in ("false", "true"):
        manifest = (workload.folder / "plugin.toml").read_text("utf-8").partition("[build]")[0]
        (workload.folder / "plugin.toml").write_text(f"{manifest}[build]\nprecompile = {choice}\n", "utf-8")
        subprocess.run(
            workload.kit("package"),
            cwd=workload.folder,
            env=workload.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        artifact = next((workload.folder / "dist").glob("*.zip"))
        sizes.append(artifact.stat().st_size)
        codes.append(unpack_read_only(artifact, home / f"precompile-{name}-{choice}"))
    interpreter = str(find_python("3.13") or sys.executable)
    rounds = [
        [_import_seconds([interpreter, "-B", "-c", PYTHON_IMPORT], code) for code in codes] for _ in range(runs + 1)
    ]
    sources, bytecode = (Times(column) for column in zip(*rounds[1:], strict=True))
    ratio, growth = sources.median / bytecode.median, sizes[1] / sizes[0]
    faster = f"{ratio:.2f} times faster | at least {bar} | {_verdict(met=ratio >= bar)}"
    larger = f"{growth - 1:+.1%} | at most {LARGEST_GROWTH - 1:+.0%} | {_verdict(met=growth <= LARGEST_GROWTH)}"
    return [
        f"| {name}, importing the handler: {sources}; with `precompile = true`: {bytecode} | {faster} |",
        f"| {name}, ZIP: {sizes[0]:,} bytes; with `precompile = true`: {sizes[1]:,} | {larger} |",
    ]


def _import_seconds(argv: list[str], code: Path) -> float:
    environment = {**os.environ, "PYTHONPATH": "", "BIOT_APP_NAME": "Bench"}
    return float(subprocess.run(argv, cwd=code, env=environment, capture_output=True, text=True, check=True).stdout)


def _verdict(*, met: bool) -> str:
    return "met" if met else "**missed**"


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
    seconds = [_import_seconds(argv, code) for _ in range(runs + 1)]
    times = Times(tuple(seconds[1:]))
    bar = BARS[language]
    met = _verdict(met=times.median < bar)
    label = "without bytecode" if language == "python" else "Node.js"
    return f"| importing the handler of the default plugin, {language} ({label}) | {times} | under {bar} s | {met} |"


def _run(argv: list[str]) -> None:
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
