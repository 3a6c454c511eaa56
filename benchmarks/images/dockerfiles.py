"""Plugins with a Dockerfile, built by a real engine: one digest, clear failures, nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from benchmarks.images.engine.docker_machine import docker_machine
from benchmarks.images.kit_commands import KIT, run_kit
from benchmarks.images.section import Row, Section
from tests.support.images.oci_schemas import schema_problems

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.images.engine.docker_machine import DockerMachine

ABOUT = """\
Debian's Docker engine builds on loopback, without a change to the host's network, on a base with nothing but Lambda's
entrypoint."""
BASE = 'FROM scratch\nCOPY lambda-entrypoint.sh /\nENTRYPOINT ["/lambda-entrypoint.sh"]\n'
PLUGIN = """\
[plugin]
name = "tool"
displayName = "Tool"
version = 1
runtime = "python3.13"
deploymentPackageType = "IMAGE"

[build.image]
dockerfile = "Dockerfile"
"""
COPIES = 'FROM {base}\nCOPY src/ /var/task/\nCOPY data/ /opt/data/\nCMD ["index.handler"]\n'
BUILDKIT = 'FROM {base}\nCOPY --chmod=755 src/ /var/task/\nCMD ["index.handler"]\n'
FAILURES = {
    "a missing file": ("FROM {base}\nCOPY src/ /var/task/\nCOPY missing /x\n", "missing"),
    "a failed step": ("FROM {base}\nCOPY src/ /var/task/\nRUN exit 3\n", "build of Dockerfile failed"),
    "an unknown instruction": ("FROM {base}\nCOPPY src/ /x\n", "unknown instruction"),
    "no entrypoint": ("FROM scratch\nCOPY src/ /var/task/\n", "does not start Lambda's runtime interface client"),
    "a failed step of BuildKit": ("FROM {base}\nCOPY --chmod=755 missing /x\n", "missing"),
}
BUILDS = 4


def measure(scratch: Path) -> Section:
    """Start an engine with a small base image, and measure."""
    with docker_machine(scratch / "machine") as machine:
        context = scratch / "base"
        context.mkdir()
        (context / "lambda-entrypoint.sh").write_text("#!/bin/sh\n")
        (context / "Dockerfile").write_text(BASE)
        base = f"{machine.registry}/lambda/python:3.13"
        machine.docker("build", "--quiet", "--tag", base, context)
        rows = section(machine, base, scratch)
    return Section(heading="Plugins with a Dockerfile", about=ABOUT, rows=tuple(rows))


def section(machine: DockerMachine, base: str, scratch: Path) -> list[Row]:
    """Everything about Dockerfiles."""
    folder = scratch / "dockerfile"
    for name, text in {"src/index.py": "def handler(event, context):\n    return 1\n", "data/a/b.txt": "b\n"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "plugin.toml").write_text(PLUGIN)
    return [
        _one_digest(machine, folder, COPIES.format(base=base), scratch, "by the classic builder"),
        _one_digest(machine, folder, BUILDKIT.format(base=base), scratch, "by BuildKit"),
        _checked(machine, folder, scratch),
        _failures(machine, folder, base),
        _interrupts(machine, folder, base),
    ]


def _one_digest(machine: DockerMachine, folder: Path, dockerfile: str, scratch: Path, how: str) -> Row:
    """The same files with other times and modes, by an engine that has forgotten every step, with an empty store."""
    (folder / "Dockerfile").write_text(dockerfile)
    digests = set()
    for number in range(BUILDS):
        for file in sorted(folder.glob("*/**/*")):
            os.utime(file, (number * 10**8, number * 10**8))
            if file.is_file():
                file.chmod(0o600 + 0o11 * number)
        machine.forget("biot-plugin-build/tool")
        variables = {**machine.environment, "BIOT_PLUGIN_STORE": str(scratch / f"{how[-8:]}{number}")}
        done = run_kit(["package", "--json", "--output", str(scratch / f"out-{how[-8:]}{number}")], folder, variables)
        digests.add(json.loads(done.stdout)["report"]["artifact"]["sha256"])
    return Row(
        what=f"a Dockerfile that only copies, built {BUILDS} times {how}: other times and modes, no cache, empty store",
        bar="1 digest",
        figure=f"{len(digests)}",
        met=len(digests) == 1,
    )


def _checked(machine: DockerMachine, folder: Path, scratch: Path) -> Row:
    """What the kit does with a built image."""
    variables = {**machine.environment, "BIOT_PLUGIN_STORE": str(scratch / "checked-store")}
    run_kit(["package"], folder, variables)
    layout = "dist/tool-1.oci"
    commands = (["inspect", layout], ["verify", layout], ["verify", "--rebuild", layout], ["package", "--all", "."])
    failed = []
    for command in commands:
        done = run_kit(command, folder, variables, check=False)
        if done.returncode:
            failed.append(f"{' '.join(command)}: {done.stdout[-300:]}{done.stderr[-300:]}")
    problems = schema_problems(folder / layout)
    print(*failed, *problems, sep="\n", end="\n" if failed or problems else "")
    shutil.rmtree(folder / "dist")
    return Row(
        what="`inspect`, `verify`, `verify --rebuild` and `package --all` accept the image; OCI's schemas find nothing",
        bar=f"{len(commands)}, 0 problems",
        figure=f"{len(commands) - len(failed)}, {len(problems)} problems",
        met=not failed and not problems,
    )


def _failures(machine: DockerMachine, folder: Path, base: str) -> Row:
    problems = []
    before = machine.leftovers()
    for what, (dockerfile, expected) in FAILURES.items():
        (folder / "Dockerfile").write_text(dockerfile.format(base=base))
        done = run_kit(["package"], folder, machine.environment, check=False)
        if done.returncode != 6 or expected not in done.stderr:
            problems.append(f"{what}: exit code {done.returncode}, {done.stderr.strip()[-300:]}")
        if (folder / "dist").exists() or machine.leftovers() != before:
            problems.append(f"{what}: left {machine.leftovers()} behind")
    print(*problems, sep="\n", end="\n" if problems else "")
    figure = f"{len(FAILURES) - len(problems)} of {len(FAILURES)}"
    what = f"builds that fail ({', '.join(FAILURES)}) say why and leave no image, container or file"
    return Row(what=what, bar="all", figure=figure, met=not problems)


def _interrupts(machine: DockerMachine, folder: Path, base: str) -> Row:
    """Ctrl-C at several moments of a build that copies much."""
    (folder / "data/large.bin").write_bytes(os.urandom(30 << 20))
    (folder / "Dockerfile").write_text(COPIES.format(base=base) + "COPY data/ /opt/again/\n" * 8)
    machine.docker("rmi", "--force", "biot-plugin-build/tool", check=False)
    before, problems, interrupted = machine.leftovers(), [], 0
    moments = [0.4 + 0.3 * number for number in range(8)]
    for moment in moments:
        machine.docker("rmi", "--force", "biot-plugin-build/tool", check=False)
        process = subprocess.Popen(
            [*KIT, "package"], cwd=folder, env=machine.environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        interrupted += process.returncode == 130
        if process.returncode == 130 and (machine.leftovers() != before or (folder / "dist").exists()):
            problems.append(f"after {moment:.1f} s: {before} became {machine.leftovers()}")
    print(*problems, sep="\n", end="\n" if problems else "")
    what = f"Ctrl-C at {len(moments)} moments leaves no image, container or file"
    figure = f"{interrupted} interrupted, {len(problems)} left something"
    return Row(what=what, bar="none", figure=figure, met=not problems and interrupted > 0)
