"""Run a packaged plugin as Lambda would: the ZIP unpacked on a read-only disk, events through the Runtime API."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.servers.runtime_api import RuntimeApi, running_runtime_api

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.biot.fake_biot import BioT

REPOSITORY = Path(__file__).parents[3]
NODE_RUNTIME = Path(__file__).parents[1] / "servers" / "node_runtime.mjs"
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
SCOPES = {
    "notification": "ACTION_NOTIFICATION",
    "interceptor_pre": "PLUGIN_INTERCEPTOR",
    "interceptor_post": "PLUGIN_INTERCEPTOR",
    "interceptor_post_entity": "PLUGIN_INTERCEPTOR",
    "http": "PROTECTED_API",
    "cron": "",
}


@dataclass(frozen=True)
class RuntimeClient:
    """How one runtime is started: the command without the handler's name."""

    command: tuple[str, ...]
    label: str


def find_python(version: str) -> Path | None:
    """An interpreter of ``version`` (such as 3.13) on this machine: PATH, uv's, pyenv's; never downloaded."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        return Path(sys.executable)
    candidates = [*Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")]
    found = shutil.which(f"python{version}")
    for candidate in [Path(found), *candidates] if found else candidates:
        done = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout.strip() == version:
            return candidate
    done = subprocess.run(
        [sys.executable, "-m", "uv", "python", "find", "--no-python-downloads", version],
        capture_output=True,
        text=True,
        check=False,
    )
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def python_client(interpreter: Path, folder: Path) -> RuntimeClient:
    """``awslambdaric`` installed for ``interpreter`` into a virtual environment at ``folder``, once."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "virtualenv", "-q", "-p", interpreter, folder], check=True)
        lock = REPOSITORY / "sandbox" / "functions" / "clients" / "awslambdaric.lock"
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "--require-hashes", "--only-binary", ":all:", "-r", lock],
            check=True,
            capture_output=True,
        )
        (folder / "ready").touch()
    version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
    return RuntimeClient((str(python), "-m", "awslambdaric"), f"awslambdaric, {version}")


def node_client() -> RuntimeClient:
    """The Runtime API client of this folder, under the machine's Node.js."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return RuntimeClient(("node", str(NODE_RUNTIME)), f"Node.js {version}")


def unpack_read_only(artifact: Path, folder: Path) -> Path:
    """Unpack a ZIP with the modes it holds; nothing in it stays writable."""
    with zipfile.ZipFile(artifact) as archive:
        archive.extractall(folder)
        for info in archive.infolist():
            (folder / info.filename).chmod((info.external_attr >> 16) & 0o555)
    return folder


@contextmanager
def running_function(client: RuntimeClient, code: Path, environment: Mapping[str, str]) -> Iterator[RuntimeApi]:
    """Start the function in ``code`` as a process of its own and serve it events until the block ends."""
    with running_runtime_api() as api:
        variables = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_EXECUTION_ENV": "AWS_Lambda",
            "AWS_REGION": "eu-central-1",
            "AWS_LAMBDA_FUNCTION_NAME": "Plugin-test",
            "LAMBDA_TASK_ROOT": str(code),
            "_HANDLER": "index.handler",
            "TZ": ":UTC",
            **environment,
        }
        argv = [*client.command, "index.handler"]
        if can_mount():
            argv = ["unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, str(code), *argv]
        with (
            tempfile.TemporaryFile() as log,
            subprocess.Popen(argv, cwd=code, env=variables, stdout=log, stderr=subprocess.STDOUT) as process,
        ):
            try:
                yield api
            except (queue.Empty, RuntimeError) as error:
                log.seek(0)
                error.add_note(log.read().decode(errors="replace"))
                raise
            finally:
                process.kill()


def can_mount() -> bool:
    """Whether this machine lets us mount the code read-only in a namespace of its own."""
    if shutil.which("unshare") is None:
        return False
    # A folder of its own: one that contains mounts of other programs, as /tmp may, cannot be mounted again.
    with tempfile.TemporaryDirectory() as folder:
        probe = ["unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, folder, "true"]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def call_every_event(client: RuntimeClient, code: Path, events: Path, biot: BioT) -> dict[str, dict[str, object]]:
    """Call the function once with each ``events/*.json``, its token signed for that hook; answers by event name."""
    answers: dict[str, dict[str, object]] = {}
    with running_function(client, code, biot.environment) as api:
        for file in sorted(events.glob("*.json")):
            token = biot.key.platform_token(SCOPES[file.stem])
            event = json.loads(file.read_text("utf-8").replace("<token>", token))
            answer = api.invoke(event)
            if not isinstance(answer, dict):
                message = f"{file.name}: answered {answer!r}"
                raise TypeError(message)
            answers[file.stem] = answer
    return answers
