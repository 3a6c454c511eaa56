"""A Docker engine and a registry on loopback, as Debian packages them, without any change to the host's network."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ENGINE = "/usr/sbin/dockerd"
DEBIAN_PACKAGES = {
    ENGINE: "docker.io",
    "docker-registry": "docker-registry",
    "skopeo": "skopeo",
    "cmake": "cmake",
    "make": "make",
    "g++": "g++",
    "debootstrap": "debootstrap",
    "docker-compose": "docker-compose",
    "ip": "iproute2",
    "iptables": "iptables",
}
"""Program -> the package that has it; three of them compile Lambda's runtime client for Node.js."""
CLIENT = "/usr/bin/docker"
"""Debian's own client: it can use the BuildKit inside of Debian's engine."""
_ENGINE_OPTIONS = ("--storage-driver=overlay2", "--insecure-registry=127.0.0.0/8")
_NO_NETWORK = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false")
_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class DockerMachine:
    """A running engine and a running registry.

    Attributes:
        environment: Of programs that use the engine.
        registry: ``127.0.0.1:PORT``.
        storage: The folder in which the registry keeps blobs.
    """

    environment: dict[str, str]
    registry: str
    storage: Path

    def docker(self, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Docker's client."""
        command = [CLIENT, *map(str, arguments)]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=check)

    def forget(self, image: str) -> None:
        """Let the engine forget an image and every step of earlier builds."""
        self.docker("rmi", "--force", image, check=False)
        self.docker("builder", "prune", "--force")

    def leftovers(self) -> tuple[list[str], list[str]]:
        """The ids of all images, also of those between the steps of a build, and of all containers."""
        images = sorted(set(self.docker("images", "--all", "--quiet").stdout.split()))
        return images, self.docker("ps", "--all", "--quiet").stdout.split()


def install_packages() -> None:
    """Install what is missing; only on Debian, as root."""
    missing = [package for program, package in DEBIAN_PACKAGES.items() if shutil.which(program) is None]
    if not missing:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True)
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    subprocess.run(command, check=True, capture_output=True, env=environment)


@contextmanager
def network_namespace(name: str) -> Iterator[str]:
    """A network of its own, with nothing but loopback, in which an engine may create bridges and rules."""
    install_packages()
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run([*inside(name), "ip", "link", "set", "lo", "up"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def inside(namespace: str) -> list[str]:
    """The beginning of a command that runs in a network namespace; nothing for the host's network.

    `ip netns exec` would hide the control groups, which an engine needs.
    """
    return ["nsenter", f"--net=/var/run/netns/{namespace}"] if namespace else []


@contextmanager
def docker_machine(folder: Path, namespace: str = "") -> Iterator[DockerMachine]:
    """Start an engine and a registry whose files are in a folder; both end with the block.

    Args:
        folder: The files stay in it, so a later engine has the images of an earlier one.
        namespace: The network in which both run, and in which containers get addresses. On the host's network, the
            engine changes nothing, and containers have only `--network=host`.
    """
    install_packages()
    folder.mkdir(exist_ok=True)
    port = free_port()
    configuration = folder / "registry.yml"
    storage = folder / "registry"
    configuration.write_text(
        f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {storage}\n  delete:\n    enabled: true\n"
        f"http:\n  addr: 127.0.0.1:{port}\nlog:\n  accesslog:\n    disabled: true\n  level: error\n"
    )
    sock = folder / "docker.sock"
    engine = [*inside(namespace), ENGINE, *_ENGINE_OPTIONS, *(() if namespace else _NO_NETWORK)]
    engine += [f"--data-root={folder}/data", f"--exec-root={folder}/exec"]
    engine += [f"--pidfile={folder}/pid", f"--host=unix://{sock}"]
    environment = {**os.environ, "DOCKER_HOST": f"unix://{sock}", "DOCKER_CONFIG": str(folder / "configuration")}
    environment["PATH"] = f"/usr/bin:{environment['PATH']}"
    machine = DockerMachine(environment=environment, registry=f"127.0.0.1:{port}", storage=storage)
    try:
        with (
            _running(engine, folder / "engine.log"),
            _running([*inside(namespace), "docker-registry", "serve", str(configuration)], folder / "registry.log"),
        ):
            _wait(lambda: machine.docker("version", check=False).returncode == 0, folder / "engine.log")
            if not namespace:
                _wait(lambda: _answers(f"http://{machine.registry}/v2/"), folder / "registry.log")
            yield machine
    finally:
        _unmount_below(folder)


def free_port() -> int:
    """A port of loopback that nothing uses."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


@contextmanager
def _running(command: Sequence[str], log: Path) -> Iterator[None]:
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, start_new_session=True)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _unmount_below(folder: Path) -> None:
    """Unmount what the engine leaves behind, such as its network namespace: a folder with a mount cannot be deleted."""
    mounts = [Path(line.split()[1]) for line in Path("/proc/self/mounts").read_text("utf-8").splitlines()]
    for mount in sorted((one for one in mounts if one.is_relative_to(folder)), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except OSError:
        return False


def _wait(ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _SECONDS
    while not ready():
        if time.monotonic() > end:
            raise SystemExit(log.read_text("utf-8", "replace")[-2000:])
        time.sleep(0.1)
