"""Measures the import of the handler from the ZIP, with and without the settings for a faster cold start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.timing import Times
from benchmarks.workloads import P_HEAVY, REPOSITORY, J, P, javascript_workload, python_workload
from tests.support.plugins.lambda_calls import find_python, unpack_read_only

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.workloads import Workload

PYTHON_IMPORT = "import time; start = time.perf_counter(); import index; print(time.perf_counter() - start)"
NODE_IMPORT = (
    "const start = performance.now(); await import(process.cwd() + '/index.js'); "
    "console.log((performance.now() - start) / 1000)"
)
NODE_REQUIRE = (
    "const start = performance.now(); require(process.cwd() + '/index.js'); "
    "console.log((performance.now() - start) / 1000)"
)
"""CommonJS as Lambda loads it (UserFunction.js of aws-lambda-nodejs-runtime-interface-client)."""
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
BUNDLED_FASTER = 1.25
BUNDLED_SMALLER = 10


def measure(home: Path, runs: int) -> list[str]:
    """One table row per language, and two for each workload with and without the setting for its language."""
    plain = [_row(language, home, max(runs, 10)) for language in BARS]
    return plain + [row for name in PRECOMPILED for row in precompiled(name, home, runs)] + bundled(home, runs)


def precompiled(name: str, home: Path, runs: int) -> list[str]:
    """How ``precompile = true`` changes a workload's import time and its ZIP."""
    requirements, handler, bar = PRECOMPILED[name]
    workload = python_workload(home / f"precompile-{name}", requirements)
    (workload.folder / "src" / "index.py").write_text(handler, "utf-8")
    interpreter = str(find_python("3.13") or sys.executable)
    plain, optimized = _with_and_without(workload, "precompile", [interpreter, "-B", "-c", PYTHON_IMPORT], runs)
    ratio, growth = plain.times.median / optimized.times.median, optimized.size / plain.size
    faster = f"{ratio:.2f} times faster | at least {bar} | {_verdict(met=ratio >= bar)}"
    larger = f"{growth - 1:+.1%} | at most {LARGEST_GROWTH - 1:+.0%} | {_verdict(met=growth <= LARGEST_GROWTH)}"
    return [
        f"| {name}, importing the handler: {plain.times}; with `precompile = true`: {optimized.times} | {faster} |",
        f"| {name}, ZIP: {plain.size:,} bytes; with `precompile = true`: {optimized.size:,} | {larger} |",
    ]


def bundled(home: Path, runs: int) -> list[str]:
    """How ``bundle = true`` changes J's load time and its ZIP."""
    workload = javascript_workload(home / "bundle-J", J)
    package = json.loads((workload.folder / "package.json").read_text("utf-8"))
    package["devDependencies"] = {"esbuild": "*"}
    (workload.folder / "package.json").write_text(json.dumps(package), "utf-8")
    _kit(workload, "lock")
    argv = ["node", "--no-warnings", "-e", NODE_REQUIRE]
    plain, optimized = _with_and_without(workload, "bundle", argv, max(runs, 10))
    ratio, shrunk = plain.times.median / optimized.times.median, plain.size / optimized.size
    faster = f"{ratio:.2f} times faster | at least {BUNDLED_FASTER} | {_verdict(met=ratio >= BUNDLED_FASTER)}"
    smaller = f"{shrunk:.1f} times smaller | at least {BUNDLED_SMALLER} | {_verdict(met=shrunk >= BUNDLED_SMALLER)}"
    return [
        f"| J, importing the handler: {plain.times}; with `bundle = true`: {optimized.times} | {faster} |",
        f"| J, ZIP: {plain.size:,} bytes; with `bundle = true`: {optimized.size:,} | {smaller} |",
    ]


@dataclass(frozen=True)
class ArtifactMeasurement:
    """One artifact: the bytes of its ZIP, and the seconds of importing its handler."""

    size: int
    times: Times


def _with_and_without(
    workload: Workload, option: str, argv: list[str], runs: int
) -> tuple[ArtifactMeasurement, ArtifactMeasurement]:
    """The same plugin without an option of ``[build]`` and with it, imported in turn."""
    sizes, codes = [], []
    for value in ("false", "true"):
        manifest = (workload.folder / "plugin.toml").read_text("utf-8").partition("[build]")[0]
        (workload.folder / "plugin.toml").write_text(f"{manifest}[build]\n{option} = {value}\n", "utf-8")
        _kit(workload, "package")
        artifact = next((workload.folder / "dist").glob("*.zip"))
        sizes.append(artifact.stat().st_size)
        codes.append(unpack_read_only(artifact, workload.folder.with_name(f"{option}-{value}")))
    rounds = [[_import_seconds(argv, code) for code in codes] for _ in range(runs + 1)]
    plain, optimized = (Times(column) for column in zip(*rounds[1:], strict=True))
    return ArtifactMeasurement(sizes[0], plain), ArtifactMeasurement(sizes[1], optimized)


def _kit(workload: Workload, command: str) -> None:
    argv = workload.kit(command)
    subprocess.run(argv, cwd=workload.folder, env=workload.environment, check=True, stdout=subprocess.DEVNULL)


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
