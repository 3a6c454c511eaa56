"""Other programs pull a pushed image, find nothing wrong, and run it."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.images.engine.docker_machine import docker_machine, free_port
from benchmarks.images.engine.host_base import push_python_base
from benchmarks.images.kit_commands import push_command, run_kit
from benchmarks.images.section import Row, Section
from tests.support.images.oci_schemas import schema_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.images.engine.docker_machine import DockerMachine

EVENTS = Path(__file__).parents[2] / "templates" / "python" / "events"
ABOUT = """\
Debian's Docker engine and registry run on loopback, without a change to the host's network. The base image is made of
this machine's Python, Lambda's runtime client and AWS's emulator."""
PLUGIN = """\
[plugin]
name = "echo"
displayName = "Echo"
version = 1
runtime = "python3.13"
deploymentPackageType = "IMAGE"

[build.image]
base = "{base}"
"""
HANDLER = """\
import os

import idna


def handler(event, context):
    return {"statusCode": 200, "event": event, "writable": os.access("/var/task", os.W_OK), "idna": idna.__version__}
"""
PROJECT = '[project]\nname = "echo"\nversion = "1"\ndependencies = ["idna"]\n'
_ANSWER_SECONDS = 60


def measure(scratch: Path) -> Section:
    """Start an engine and a registry, push the base, and measure."""
    with docker_machine(scratch / "machine") as machine:
        base = push_python_base(machine, "3.13", scratch)
        rows = section(machine, base, scratch)
    return Section(heading="Docker's engine", about=ABOUT, rows=tuple(rows))


def section(machine: DockerMachine, base: str, scratch: Path) -> list[Row]:
    """Build a plugin with a package on the base, push it, and let other programs use it."""
    folder = scratch / "echo"
    (folder / "src").mkdir(parents=True)
    (folder / "plugin.toml").write_text(PLUGIN.format(base=base))
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "src/index.py").write_text(HANDLER)
    variables = {**machine.environment, "BIOT_PLUGIN_STORE": str(scratch / "echo-store")}
    run_kit(["lock"], folder, variables)
    run_kit(["package"], folder, variables)
    layout = folder / "dist/echo-1.oci"
    repository = f"{machine.registry}/plugins/echo"
    done = subprocess.run(push_command(layout, repository), env=variables, capture_output=True, text=True, check=True)
    pushed = json.loads(done.stdout)
    name, digest = f"{repository}:{pushed['tag']}", pushed["digest"]
    return [
        _skopeo(name, digest, scratch),
        _schemas(layout),
        _engine(machine, repository, name, digest),
        _calls(machine, name),
    ]


def _skopeo(name: str, digest: str, scratch: Path) -> Row:
    inspect = ["skopeo", "inspect", "--tls-verify=false", f"docker://{name}"]
    inspected = subprocess.run(inspect, capture_output=True, text=True, check=False)
    copy = ["skopeo", "copy", "--insecure-policy", "--src-tls-verify=false", "--preserve-digests"]
    target = scratch / "copied"
    copied = subprocess.run([*copy, f"docker://{name}", f"oci:{target}:v"], capture_output=True, text=True, check=False)
    index = json.loads((target / "index.json").read_text()) if copied.returncode == 0 else {"manifests": [{}]}
    found = {json.loads(inspected.stdout or "{}").get("Digest"), index["manifests"][0].get("digest")}
    complaints = inspected.stderr.strip() + (copied.stderr.strip() if copied.returncode else "")
    figure = "same digest, no complaint" if found == {digest} and not complaints else f"{found} {complaints}"
    return Row(
        what="skopeo inspects the pushed image and copies it, all layers included",
        bar="same digest, no complaint",
        figure=figure,
        met=found == {digest} and not complaints,
    )


def _schemas(layout: Path) -> Row:
    problems = schema_problems(layout)
    print(*problems, sep="\n", end="\n" if problems else "")
    return Row(
        what="OCI's JSON schemas for the layout, index, manifest and config",
        bar="0 problems",
        figure=str(len(problems)),
        met=not problems,
    )


def _engine(machine: DockerMachine, repository: str, name: str, digest: str) -> Row:
    machine.docker("pull", "--quiet", name)
    listed = machine.docker("images", "--digests", "--format", "{{.Digest}}", repository).stdout.split()
    return Row(
        what="the Docker engine pulls the pushed image",
        bar="same digest",
        figure="same digest" if listed == [digest] else str(listed),
        met=listed == [digest],
    )


def _calls(machine: DockerMachine, name: str) -> Row:
    events = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(EVENTS.glob("*.json"))}
    answered, problems = 0, []
    with running_container(machine, name) as call:
        for what, event in events.items():
            answer = call(event)
            if answer.get("statusCode") == 200 and answer.get("event") == event and answer.get("idna"):
                answered += 1
            else:
                problems.append(f"{what}: {str(answer)[:300]}")
    print(*problems, sep="\n", end="\n" if problems else "")
    return Row(
        what="the engine runs the image; awslambdaric behind aws-lambda-rie answers the six events of the template",
        bar="6",
        figure=str(answered),
        met=answered == len(events) == 6,
    )


@contextmanager
def running_container(machine: DockerMachine, name: str) -> Iterator[Any]:
    """A running container, and a function that calls it."""
    ports = {"RIE_PORT": free_port(), "RUNTIME_PORT": free_port()}
    variables = [part for key, port in ports.items() for part in ("--env", f"{key}={port}")]
    limits = ["--network=host", "--read-only", "--tmpfs=/tmp:size=512m", "--user=993:990", "--cap-drop=ALL"]
    started = machine.docker("run", "--detach", *limits, *variables, name)
    container = started.stdout.strip()
    address = f"http://127.0.0.1:{ports['RIE_PORT']}/2015-03-31/functions/function/invocations"

    def call(event: object) -> dict[str, Any]:
        request = urllib.request.Request(address, json.dumps(event).encode(), method="POST")
        end = time.monotonic() + _ANSWER_SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - loopback
                    found: dict[str, Any] = json.loads(answer.read())
                    return found
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > end:
                    return {"log": machine.docker("logs", container, check=False).stderr[-1000:]}
                time.sleep(0.1)

    try:
        yield call
    finally:
        machine.docker("rm", "--force", container)
