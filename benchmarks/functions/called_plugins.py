"""Generated plugins and BioT's samples (rebuilt as test data), unchanged, through ``biot-plugin invoke``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.functions.bars import Bar
from sandbox.direct_calls.call_events import HOOKS

if TYPE_CHECKING:
    from tests.support.plugins.sample_layouts import Layout

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class GeneratedPlugin:
    """A plugin from a template, packaged."""

    folder: Path
    runtime: str
    artifact: Path
    sha256: str


def generate(language: str, runtime: str, folder: Path, variables: dict[str, str]) -> GeneratedPlugin:
    """Generate and package a plugin with every hook."""
    answers = [f"language={language}", f"runtime={runtime}", f"plugin_name=called-{language}"]
    data = [part for answer in answers for part in ("--data", answer)]
    copier = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", *data, str(REPOSITORY), str(folder)]
    subprocess.run(copier, check=True, capture_output=True)
    done = _kit("package", folder, variables)
    document = json.loads(done.stdout)
    return GeneratedPlugin(
        folder=folder,
        runtime=runtime,
        artifact=Path(document["artifact"]),
        sha256=document["report"]["artifact"]["sha256"],
    )


def sample(layout: Layout, folder: Path, variables: dict[str, str]) -> Path:
    """Write and lock one of BioT's samples, rebuilt."""
    plugin = layout.write(folder)
    _kit("lock", plugin, variables)
    return plugin


def every_hook(plugins: list[Path], variables: dict[str, str], what: str) -> Bar:
    """Call every event of some plugins."""
    answered, problems = 0, []
    for folder in plugins:
        hooks = [] if (folder / "events").is_dir() else list(HOOKS)
        calls = [_kit("invoke", folder, variables, *hook) for hook in ([[name] for name in hooks] or [[]])]
        document = _merged([json.loads(done.stdout) for done in calls])
        for call in document.get("calls", ()):
            if call["failed"] or call["statusCode"] != 200:
                problems.append(f"{folder.name} {call['event']}: {call['statusCode']} {call['problem']}")
            else:
                answered += 1
        if "calls" not in document:
            problems.append(f"{folder.name}: {document['message']}")
    print(*problems, sep="\n", end="\n" if problems else "")
    return Bar(
        what=f"{what}: every hook, unchanged, through `invoke`",
        bar="all answer",
        figure=f"{answered} of {answered + len(problems)} answer",
        met=not problems and answered > 0,
    )


def _merged(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """The calls of several commands as if of one; a document of a failed command stays."""
    failed = next((one for one in documents if "calls" not in one), None)
    return failed or {"calls": [call for one in documents for call in one["calls"]]}


def _kit(command: str, folder: Path, variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "builder", command, "--json", "--project", str(folder), *arguments]
    argv += ["--any-python"] if command == "invoke" else []
    return subprocess.run(
        argv, cwd=REPOSITORY, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
