"""Docker's engine runs an image with the Node.js client, compiled, behind AWS's emulator."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.functions.other_clients import compiled_client, emulator
from benchmarks.images.engine.docker_machine import docker_machine
from benchmarks.images.engine.host_base import copy_libraries
from benchmarks.images.engine_calls import running_container
from benchmarks.images.kit_commands import push_command, run_kit
from benchmarks.images.section import Row, Section

if TYPE_CHECKING:
    from benchmarks.images.engine.docker_machine import DockerMachine

EVENTS = Path(__file__).parents[2] / "templates" / "javascript" / "events"
ABOUT = """\
The base image is made of this machine's Node.js, `aws-lambda-ric` 4 with its native part, and AWS's emulator."""
ENTRYPOINT = """\
#!/bin/sh
client="/var/lang/bin/node /var/runtime/node_modules/aws-lambda-ric/index.mjs"
if [ -z "$AWS_LAMBDA_RUNTIME_API" ]; then
  exec /usr/local/bin/aws-lambda-rie --runtime-interface-emulator-address "127.0.0.1:$RIE_PORT" \\
    --runtime-api-address "127.0.0.1:$RUNTIME_PORT" $client "$@"
fi
exec $client "$@"
"""
PLUGIN = """\
[plugin]
name = "echo"
displayName = "Echo"
version = 1
runtime = "nodejs22.x"
deploymentPackageType = "IMAGE"

[build.image]
base = "{base}"
"""
HANDLER = """\
const ms = require("ms");

exports.handler = async (event) => ({ statusCode: 200, event, second: ms("1s"), root: process.env.LAMBDA_TASK_ROOT });
"""
PACKAGES = {"name": "echo", "version": "1.0.0", "private": True, "dependencies": {"ms": "2.1.3"}}


def measure(scratch: Path) -> Section:
    """Make the base, build a plugin with a package on it, push it, and call it with every event."""
    with docker_machine(scratch / "machine") as machine:
        base = _push_node_base(machine, scratch)
        folder = scratch / "echo"
        (folder / "src").mkdir(parents=True)
        (folder / "plugin.toml").write_text(PLUGIN.format(base=base))
        (folder / "package.json").write_text(json.dumps(PACKAGES))
        (folder / "src/index.js").write_text(HANDLER)
        variables = {**machine.environment, "BIOT_PLUGIN_STORE": str(scratch / "echo-store")}
        run_kit(["lock"], folder, variables)
        run_kit(["package"], folder, variables)
        command = push_command(folder / "dist/echo-1.oci", f"{machine.registry}/plugins/echo")
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
        row = _calls(machine, f"{machine.registry}/plugins/echo:{json.loads(done.stdout)['tag']}")
    return Section(heading="Docker's engine and Node.js", about=ABOUT, rows=(row,))


def _push_node_base(machine: DockerMachine, scratch: Path) -> str:
    root = scratch / "base-nodejs"
    for folder in ("var/task", "var/lang/bin", "var/lang/lib", "usr/local/bin", "tmp", "bin", "etc", "proc", "dev"):
        (root / folder).mkdir(parents=True)
    node = shutil.which("node")
    if node is None:
        message = "there is no Node.js on this machine"
        raise SystemExit(message)
    shutil.copy(Path(node).resolve(), root / "var/lang/bin/node")
    shutil.copy("/bin/dash", root / "bin/sh")
    shutil.copy(emulator(scratch), root / "usr/local/bin/aws-lambda-rie")
    packages = compiled_client(scratch).parents[1]
    shutil.copytree(packages, root / "var/runtime/node_modules", symlinks=True, ignore=shutil.ignore_patterns("deps"))
    (root / "lambda-entrypoint.sh").write_text(ENTRYPOINT)
    (root / "lambda-entrypoint.sh").chmod(0o755)
    programs = [root / "bin/sh", root / "var/lang/bin/node", *(root / "var/runtime").rglob("*.node")]
    copy_libraries(programs, root, root)
    tar = scratch / "base-nodejs.tar"
    subprocess.run(["tar", "--create", "--file", str(tar), "--directory", str(root), "."], check=True)
    name = f"{machine.registry}/lambda/nodejs:22"
    changes = (
        'ENTRYPOINT ["/lambda-entrypoint.sh"]',
        "WORKDIR /var/task",
        "ENV LAMBDA_TASK_ROOT=/var/task PATH=/var/lang/bin:/usr/bin:/bin",
    )
    options = [part for change in changes for part in ("--change", change)]
    machine.docker("import", *options, tar, name)
    machine.docker("push", name)
    return name


def _calls(machine: DockerMachine, name: str) -> Row:
    events = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(EVENTS.glob("*.json"))}
    answered, problems = 0, []
    with running_container(machine, name) as call:
        for what, event in events.items():
            answer = call(event)
            if (answer.get("statusCode"), answer.get("event"), answer.get("second")) == (200, event, 1000):
                answered += 1
            else:
                problems.append(f"{what}: {str(answer)[:300]}")
    print(*problems, sep="\n", end="\n" if problems else "")
    return Row(
        what="the engine runs the image; aws-lambda-ric behind aws-lambda-rie answers the six events of the template",
        bar="6",
        figure=str(answered),
        met=answered == len(events) == 6,
    )
