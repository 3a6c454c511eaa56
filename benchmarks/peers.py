"""Other packaging tools, each installed into a folder of the benchmark."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.timing import TimedCommand
from tests.support.plugins.lambda_calls import find_python

if TYPE_CHECKING:
    from benchmarks.workloads import Workload

UV = f"{sys.executable} -m uv"
PYTHON = "3.13"
SAM_TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Bench:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: index.handler, Runtime: python3.13}
"""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A packaging tool.

    Attributes:
        name: As in the table.
        script: Shell lines that package the plugin in the current folder into ``$OUT/peer.zip``
            from nothing.
        runs: How often it is timed; the slow ones once.
    """

    name: str
    script: str
    runs: int

    def command(self, workload: Workload, out: Path, path: str = "") -> TimedCommand:
        """The peer on a plugin, as a command to time."""
        environment = {**workload.environment, "OUT": str(out)}
        environment["PATH"] = f"{path}:{environment['PATH']}" if path else environment["PATH"]
        out.mkdir(parents=True, exist_ok=True)
        return TimedCommand(
            name=self.name, argv=["sh", "-ec", self.script], cwd=workload.folder, environment=environment
        )


@dataclass(frozen=True, kw_only=True)
class SkippedPeer:
    """A peer that cannot run here, and why."""

    name: str
    reason: str


Candidate = Peer | SkippedPeer
_CLEAN = 'rm -rf "$OUT"/*'
_ZIP = 'cp -r src/. "$OUT/tree" && cd "$OUT/tree" && zip -qr ../peer.zip .'


def uv_and_zip() -> Peer:
    """``uv pip install --target`` and ``zip -qr``: the fastest complete path that people use."""
    install = (
        f'{UV} pip install -q --target "$OUT/tree" --python {sys.executable} --no-python-downloads --python-version '
        f"{PYTHON} --python-platform x86_64-manylinux_2_34 --only-binary :all: --no-deps -r requirements.lock"
    )
    return Peer(name="uv + zip", script=f"{_CLEAN}; {install}; {_ZIP}", runs=3)


def python_peers(home: Path) -> list[Candidate]:
    """The tools for Python besides uv."""
    interpreter = _interpreter()
    platforms = " ".join(f"--platform {tag}_x86_64" for tag in ("manylinux_2_34", "manylinux_2_28", "manylinux2014"))
    pip = f"{sys.executable} -m pip install -q --no-deps --only-binary :all: --python-version {PYTHON} {platforms}"
    candidates: list[Candidate] = [
        Peer(name="pip + zip", script=f'{_CLEAN}; {pip} --target "$OUT/tree" -r requirements.lock; {_ZIP}', runs=1)
    ]
    if interpreter is None:
        reason = f"no Python {PYTHON} here"
        return [*candidates, *(SkippedPeer(name=name, reason=reason) for name in ("sam build + zip", "pex", "shiv"))]
    sam = (
        f"{_CLEAN}; cp requirements.lock src/requirements.txt; cat > template.yaml <<'END'\n{SAM_TEMPLATE}END\n"
        'PROGRAM build -t template.yaml -b "$OUT/build" 1>&2; rm src/requirements.txt template.yaml; '
        'cd "$OUT/build/Bench" && zip -qr ../../peer.zip .'
    )
    pex = f'{_CLEAN}; PROGRAM -r requirements.lock -D src --layout zipapp -o "$OUT/peer.zip" 1>&2'
    shiv = f'{_CLEAN}; PROGRAM -q -o "$OUT/peer.zip" --no-deps -r requirements.lock 1>&2'
    candidates.append(_installed(home, "aws-sam-cli", "sam", "sam build + zip", sam))
    candidates.append(_installed(home, "pex", "pex", "pex", pex))
    candidates.append(_installed(home, "shiv", "shiv", "shiv", shiv))
    return candidates


def javascript_peers(home: Path) -> list[Candidate]:
    """The tools for JavaScript."""
    if shutil.which("npm") is None:
        return [SkippedPeer(name="npm ci + zip", reason="no npm here")]
    copied = 'mkdir "$OUT/tree"; cp -r src/. package.json package-lock.json "$OUT/tree"; cd "$OUT/tree"'
    install = "npm ci --omit=dev --ignore-scripts --no-audit --no-fund --silent"
    candidates: list[Candidate] = [
        Peer(name="npm ci + zip", script=f"{_CLEAN}; {copied}; {install}; zip -qr ../peer.zip .", runs=3)
    ]
    tools = home / "esbuild"
    tools.mkdir()
    done = _run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(tools), "esbuild"])
    if done:
        return [*candidates, SkippedPeer(name="npm ci + esbuild + zip", reason=done)]
    bundle = f"{tools}/node_modules/.bin/esbuild index.js --bundle --minify --platform=node --log-level=error"
    script = (
        f'{_CLEAN}; {copied}; {install}; {bundle} --outfile="$OUT/b/index.js"; cd "$OUT/b" && zip -qr ../peer.zip .'
    )
    return [*candidates, Peer(name="npm ci + esbuild + zip", script=script, runs=1)]


def _installed(home: Path, distribution: str, program: str, name: str, script: str) -> Candidate:
    """A peer from PyPI in its own virtual environment; ``PROGRAM`` in the script is replaced with its path."""
    venv = home / program
    interpreter = _interpreter()
    steps = [
        [sys.executable, "-m", "uv", "venv", "-q", "--python", str(interpreter), str(venv)],
        [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", str(venv / "bin" / "python"), distribution],
    ]
    for step in steps:
        reason = _run(step)
        if reason:
            return SkippedPeer(name=name, reason=reason)
    return Peer(name=name, script=script.replace("PROGRAM", str(venv / "bin" / program)), runs=1)


def _run(argv: list[str]) -> str:
    """Run a command and return the last line of its error, or an empty text."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    lines = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else f"exit code {done.returncode}")


def _interpreter() -> Path | None:
    python = find_python(PYTHON)
    return Path(python) if python else None


def interpreter_folder() -> str:
    """The folder of the runtime's Python, for peers that look for it on PATH; empty without one."""
    interpreter = _interpreter()
    return str(interpreter.parent) if interpreter else ""
