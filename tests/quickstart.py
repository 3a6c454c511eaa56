"""The main job as a user does it, for both languages.

copier copy, tox, tox -e package, every event through the ZIP; with a local BioT: publish, change, publish, rollback.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.biot import running_biot
from tests.support.packaged import (
    REPOSITORY,
    RuntimeClient,
    call_every_event,
    find_python,
    node_client,
    python_client,
    unpack_read_only,
)
from tests.support.started import started_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PYTHON_VERSIONS = ("3.13", "3.12", "3.14")
LANGUAGES = ("python", "javascript")
CHANGES = {
    "python": ("src/plugin/perform/nonspecific.py", "\n# Changed.\n"),
    "javascript": ("src/plugin/perform/nonspecific.js", "\n// Changed.\n"),
}


@dataclass
class Story:
    """What was done for one language: how long each step took, and what came out."""

    language: str
    seconds: dict[str, float] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step and say that it runs."""
        print(f"  {self.language}: {name} …", file=sys.stderr, flush=True)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def main() -> int:
    """Do it, print the table, and return 0 when everything passed."""
    parser = argparse.ArgumentParser(prog="tox -e quickstart --", description=__doc__)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the two plugin repositories in DIR")
    keep: Path | None = parser.parse_args().keep
    with tempfile.TemporaryDirectory(prefix="biot-quickstart-", ignore_cleanup_errors=True) as scratch:
        home = keep.resolve() if keep else Path(scratch)
        start = time.perf_counter()
        stories = [tell(language, home, Path(scratch)) for language in LANGUAGES]
        with local_biot(Path(scratch)) as environ:
            for story in stories:
                publish(story, home, environ)
        print_table(stories, time.perf_counter() - start)
        if keep:
            print(f"\nThe plugins are in {home}")
    return 0


def tell(language: str, home: Path, scratch: Path) -> Story:
    """One language's story, from nothing to answered events."""
    story = Story(language)
    client, answers = choose_runtime(language, scratch)
    plugin = home / f"hello-{language}"
    with story.step("copier copy"):
        data = [part for name, value in answers.items() for part in ("--data", f"{name}={value}")]
        command(["-m", "copier", "copy", "--defaults", "--quiet", *data, str(REPOSITORY), str(plugin)], cwd=home)
    with story.step("tox"):
        command(["-m", "tox"], cwd=plugin)
    with story.step("tox -e package"):
        command(["-m", "tox", "-e", "package"], cwd=plugin)
    artifact = next((plugin / "dist").glob("*.zip"))
    report = json.loads(artifact.with_suffix(".report.json").read_text("utf-8"))
    with story.step("call every event"), running_biot() as biot:
        code = unpack_read_only(artifact, scratch / f"code-{language}")
        statuses = check_answers(call_every_event(client, code, plugin / "events", biot))
    story.facts = {
        "runtime": answers["runtime"],
        "called through": client.label,
        "ZIP": f"{artifact.stat().st_size:,} bytes, {report['artifact']['files']} files",
        "sha256": report["artifact"]["sha256"][:24] + "…",
        "tree digest": report["artifact"]["treeDigest"].removeprefix("sha256:")[:24] + "…",
        "events": f"{len(statuses)} answered with {', '.join(sorted(set(statuses)))}",
    }
    return story


@contextmanager
def local_biot(scratch: Path) -> Iterator[Mapping[str, str]]:
    """A local BioT as ``biot-plugin sandbox`` starts it; gives the environment in which it is ``local``."""
    environ = {**users_environment(), "BIOT_PLUGIN_STATE": str(scratch / "state")}
    argv = [sys.executable, "-m", "builder", "sandbox", "--port", "0"]
    with started_sandbox(argv, {**environ, "PYTHONPATH": str(REPOSITORY)}):
        yield environ


def publish(story: Story, home: Path, environ: Mapping[str, str]) -> None:
    """The second half of one language's story: publish, change, publish again, roll back."""
    plugin = home / f"hello-{story.language}"
    with story.step("tox -e publish"):
        command(["-m", "tox", "-e", "publish", "--", "-e", "local"], cwd=plugin, environ=environ)
    perform, comment = CHANGES[story.language]
    with (plugin / perform).open("a", encoding="utf-8") as file:
        file.write(comment)
    with story.step("change, publish again"):
        command(["-m", "tox", "-e", "publish", "--", "-e", "local"], cwd=plugin, environ=environ)
    [program] = [*plugin.glob(".tox/publish/bin/biot-plugin"), *plugin.glob(".tox/publish/Scripts/biot-plugin.cmd")]
    with story.step("roll back"):
        run([str(program), "rollback", "-e", "local"], cwd=plugin, environ=environ)
    shown = json.loads(run([str(program), "show", "-e", "local", "--json"], cwd=plugin, environ=environ))["plugin"]
    story.facts["on the local BioT"] = f"version {shown['version']}, the code of version 1 again"
    digest = story.facts["tree digest"].rstrip("…")
    if shown["version"] != 3 or digest not in shown["treeDigest"]:
        message = f"after publish, publish and rollback BioT should have version 3 with the first code: {shown}"
        raise SystemExit(message)


def choose_runtime(language: str, scratch: Path) -> tuple[RuntimeClient, dict[str, str]]:
    """The runtime client, and the answers: for Python, the newest usual runtime that this machine can run."""
    if language == "javascript":
        return node_client(), {"language": language, "runtime": "nodejs22.x"}
    for version in PYTHON_VERSIONS:
        if interpreter := find_python(version):
            client = python_client(interpreter, scratch / f"runtime-{version}")
            return client, {"language": language, "runtime": f"python{version}"}
    message = f"no Python {' or '.join(PYTHON_VERSIONS)} here to call the ZIP with: try `uv python install 3.13`"
    raise SystemExit(message)


def check_answers(answers: dict[str, dict[str, object]]) -> list[str]:
    """The status of each answer; anything but a 200 ends the run."""
    wrong = {name: answer for name, answer in answers.items() if answer.get("statusCode") != 200}
    if wrong:
        message = f"events that were not answered with 200: {json.dumps(wrong, indent=2)}"
        raise SystemExit(message)
    return [str(answer["statusCode"]) for answer in answers.values()]


def users_environment() -> dict[str, str]:
    """A user's shell holds none of the variables that tox sets for its own environments."""
    foreign = ("TOX_", "VIRTUAL_ENV", "PYTHON", "BIOT_PLUGIN_STATE")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def command(arguments: list[str], *, cwd: Path, environ: Mapping[str, str] | None = None) -> None:
    """Run a Python module as a user would; on failure show everything it said."""
    run([sys.executable, *arguments], cwd=cwd, environ=environ)


def run(argv: list[str], *, cwd: Path, environ: Mapping[str, str] | None = None) -> str:
    """Run a program and give its standard output; on failure show everything it said."""
    cwd.mkdir(parents=True, exist_ok=True)
    environ = users_environment() if environ is None else environ
    done = subprocess.run(argv, cwd=cwd, env=dict(environ), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"{' '.join(argv)} (in {cwd}) failed with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        raise SystemExit(message)
    return done.stdout


def print_table(stories: list[Story], seconds: float) -> None:
    """The two stories side by side."""
    rows = [("", *(story.language for story in stories))]
    rows += [(name, *(f"{story.seconds[name]:.1f} s" for story in stories)) for name in stories[0].seconds]
    rows += [(name, *(story.facts[name] for story in stories)) for name in stories[0].facts]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"\nBoth plugins were generated, tested, packaged, called and published in {seconds:.0f} s.")


if __name__ == "__main__":
    raise SystemExit(main())
