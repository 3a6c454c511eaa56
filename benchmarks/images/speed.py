"""``package`` and push beside ``docker build`` and ``docker push`` of an equivalent Dockerfile, in turn."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.images.engine.docker_machine import CLIENT, docker_machine
from benchmarks.images.engine.host_base import push_python_base
from benchmarks.images.kit_commands import KIT, push_command, run_kit
from benchmarks.images.section import Row, Section
from benchmarks.timing import TimedCommand, peak_memory, time_in_turn
from benchmarks.workloads import HANDLER, P_HEAVY, project_table, write_plugin
from builder.dependencies.store.layer_store import LAYERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.images.engine.docker_machine import DockerMachine

RUNS = 5
FIRST_RUNS = 3
"""Docker needs many seconds for each."""
ABOUT = f"""\
Debian's Docker engine and registry run on loopback, without a change to the host's network. The base image is made of
this machine's Python, Lambda's runtime client and AWS's emulator. The Dockerfile copies the same packages,
installed already, in a layer of their own. Times are medians, those of the first build of {FIRST_RUNS} runs,
the others of {RUNS}."""
IMAGE = '\ndeploymentPackageType = "IMAGE"\n\n[build.image]\nbase = "{base}"\n'
DOCKERFILE = 'FROM {base}\nCOPY packages/var/task/ /var/task/\nCOPY src/ /var/task/\nCMD ["index.handler"]\n'
"""With the packages installed already, in a layer of their own: the best that a Dockerfile can do."""
BYTES_MAX = 64 * 1024
MEMORY_MAX_MB = 200
CHANGED = "one changed line"
UNCHANGED = "nothing changed"
FIRST = "first build, packages in the store"
TIMES = {CHANGED: 20, UNCHANGED: 20, FIRST: 5}


def measure(scratch: Path) -> Section:
    """Start an engine and a registry, push the base, and measure."""
    with docker_machine(scratch / "machine") as machine:
        base = push_python_base(machine, "3.13", scratch)
        rows = section(machine, base, scratch, RUNS)
    return Section(heading="Beside Docker", about=ABOUT, rows=tuple(rows))


def section(machine: DockerMachine, base: str, scratch: Path, runs: int) -> list[Row]:
    """Times, bytes and memory for P-heavy."""
    folder = scratch / "heavy"
    write_plugin(folder, "python3.13", {"src/index.py": HANDLER, "pyproject.toml": project_table(P_HEAVY)})
    with (folder / "plugin.toml").open("a") as manifest:
        manifest.write(IMAGE.format(base=base))
    variables = {**machine.environment, "BIOT_PLUGIN_STORE": str(scratch / "heavy-store")}
    run_kit(["lock"], folder, variables)
    run_kit(["package"], folder, variables)
    context = scratch / "heavy-docker"
    _write_context(folder, context, base)
    heavy = _Heavy(machine=machine, folder=folder, context=context, variables=variables)
    sent = heavy.sent_for_one_line()
    return [
        *(heavy.compare(what, min(runs, FIRST_RUNS) if what == FIRST else runs) for what in TIMES),
        Row(
            what="bytes sent for one changed line of P-heavy, besides manifest and config",
            bar="< 64 KB",
            figure=f"{sent / 1024:.1f} KB",
            met=sent < BYTES_MAX,
        ),
        *heavy.memory(),
    ]


class _Heavy:
    """P-heavy as a plugin of the kit and as a Dockerfile."""

    def __init__(self, *, machine: DockerMachine, folder: Path, context: Path, variables: dict[str, str]) -> None:
        self._machine = machine
        self._folder = folder
        self._context = context
        self._variables = variables
        self._number = 0

    def kit_command(self) -> TimedCommand:
        """Package and push."""
        push = push_command(self._folder / "dist/bench-1.oci", f"{self._machine.registry}/plugins/heavy")
        script = 'set -e; "$0" -m builder package >/dev/null; exec "$@"'
        argv = ["sh", "-c", script, KIT[0], *push]
        return TimedCommand(name="kit", argv=argv, cwd=self._folder, environment=self._variables)

    def _docker_command(self) -> TimedCommand:
        name = f"{self._machine.registry}/plugins/heavy-docker:latest"
        script = 'set -e; "$0" build --quiet --tag "$1" . >/dev/null; exec "$0" push --quiet "$1"'
        argv = ["sh", "-c", script, CLIENT, name]
        return TimedCommand(name="docker", argv=argv, cwd=self._context, environment=self._machine.environment)

    def change_line(self) -> None:
        """Change one line of the source in both."""
        self._number += 1
        text = HANDLER + f"# {self._number}\n"
        for folder in (self._folder, self._context):
            (folder / "src/index.py").write_text(text)

    def forget_artifact(self) -> None:
        """Delete the artifact, but not the layers of packages in the store."""
        shutil.rmtree(self._folder / "dist", ignore_errors=True)

    def _forget_layers(self) -> None:
        """Delete the artifact, and the layers of packages."""
        self.forget_artifact()
        shutil.rmtree(Path(self._variables["BIOT_PLUGIN_STORE"]) / LAYERS, ignore_errors=True)

    def memory(self) -> list[Row]:
        """The peak memory of a build, and of a push to a repository that has nothing of it."""
        kit = self.kit_command()
        push = push_command(self._folder / "dist/bench-1.oci", f"{self._machine.registry}/plugins/memory")
        commands = {
            "`package` of P-heavy, layers in the store": ([*KIT, "package"], self.forget_artifact),
            "`package` of P-heavy, first build": ([*KIT, "package"], self._forget_layers),
            "the first push of P-heavy": (push, None),
        }
        rows = []
        for what, (argv, prepare) in commands.items():
            megabytes = peak_memory(replace(kit, argv=argv, prepare=prepare)) / 1000
            figure, met = f"{megabytes:.0f} MB", megabytes < MEMORY_MAX_MB
            rows.append(Row(what=f"peak memory of {what}", bar=f"< {MEMORY_MAX_MB} MB", figure=figure, met=met))
        return rows

    def _forget_steps(self) -> None:
        """Let the engine forget its steps; its base stays."""
        name = f"{self._machine.registry}/plugins/heavy-docker:latest"
        self._machine.docker("rmi", "--force", name, check=False)
        self._machine.docker("builder", "prune", "--force", "--all", check=False)

    def compare(self, what: str, runs: int) -> Row:
        """The kit beside the engine."""
        nothing: Callable[[], None] | None = None
        prepare = {CHANGED: (self.change_line, self.change_line), UNCHANGED: (nothing, nothing)}
        prepare[FIRST] = (self.forget_artifact, self._forget_steps)
        before = prepare[what]
        commands = [
            replace(command, prepare=done)
            for command, done in zip((self.kit_command(), self._docker_command()), before, strict=True)
        ]
        kit, docker = time_in_turn(commands, runs)
        ratio = docker.median / kit.median
        return Row(
            what=f"package and push of P-heavy, {what}, beside `docker build` and `docker push`",
            bar=f"{TIMES[what]} times faster",
            figure=f"{ratio:.1f} times ({kit.median:.2f} s, {docker.median:.2f} s)",
            met=ratio >= TIMES[what],
        )

    def sent_for_one_line(self) -> int:
        """Bytes of the layers that a push sends after one changed line."""
        command = self.kit_command()
        self._run(command)
        self.change_line()
        pushed = json.loads(self._run(command))
        layout = self._folder / "dist/bench-1.oci"
        index = json.loads((layout / "index.json").read_text())
        digest = index["manifests"][0]["digest"].removeprefix("sha256:")
        config = json.loads((layout / "blobs/sha256" / digest).read_text())["config"]["size"]
        return int(pushed["sent"]) - int(config)

    def _run(self, command: TimedCommand) -> str:
        done = subprocess.run(
            command.argv, cwd=command.cwd, env=command.environment, capture_output=True, text=True, check=True
        )
        return done.stdout


def _write_context(folder: Path, context: Path, base: str) -> None:
    shutil.copytree(folder / "src", context / "src")
    (context / "Dockerfile").write_text(DOCKERFILE.format(base=base))
    packages = context / "packages"
    packages.mkdir()
    for blob in (folder / "dist/bench-1.oci/blobs/sha256").iterdir():
        if blob.read_bytes()[:2] == b"\x1f\x8b":  # a layer
            subprocess.run(["tar", "-xzf", blob, "-C", packages], check=True)
