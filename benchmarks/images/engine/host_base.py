"""A base image for Python, made of this machine's files, with the contract of AWS's base images.

AWS's own images cannot be fetched everywhere, and the point here is the contract: ``/var/task``, an
entrypoint that starts ``awslambdaric``, and ``aws-lambda-rie`` when no Lambda is around.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.functions.other_clients import emulator

if TYPE_CHECKING:
    from benchmarks.images.engine.docker_machine import DockerMachine

ENTRYPOINT = """\
#!/bin/sh
if [ -z "$AWS_LAMBDA_RUNTIME_API" ]; then
  exec /usr/local/bin/aws-lambda-rie --runtime-interface-emulator-address "127.0.0.1:$RIE_PORT" \\
    --runtime-api-address "127.0.0.1:$RUNTIME_PORT" /var/lang/bin/python3 -m awslambdaric "$@"
fi
exec /var/lang/bin/python3 -m awslambdaric "$@"
"""
_LIBRARY = re.compile(r"(/\S+\.so\S*)")
_IGNORED = shutil.ignore_patterns("__pycache__", "test", "idlelib", "tkinter", "site-packages", "*.a", "config-3*")


def push_python_base(machine: DockerMachine, version: str, scratch: Path) -> str:
    """Make the base, and push it to the registry.

    Returns:
        Its name with the registry and a tag.
    """
    root = scratch / f"base-python{version}"
    python = next(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    prefix = python.parents[1]
    language = root / "var/lang"
    shutil.copytree(prefix / "lib" / f"python{version}", language / "lib" / f"python{version}", ignore=_IGNORED)
    (language / "bin").mkdir()
    shutil.copy(python.resolve(), language / "bin/python3")
    for folder in ("var/task", "usr/local/bin", "tmp", "bin", "etc", "proc", "dev"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy("/bin/dash", root / "bin/sh")
    shutil.copy(emulator(scratch), root / "usr/local/bin/aws-lambda-rie")
    target = language / "lib" / f"python{version}" / "site-packages"
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*install, "--target", str(target), "awslambdaric>=4.2"], check=True)
    (root / "lambda-entrypoint.sh").write_text(ENTRYPOINT)
    (root / "lambda-entrypoint.sh").chmod(0o755)
    programs = [root / "bin/sh", language / "bin/python3", *language.rglob("*.so")]
    copy_libraries(programs, root, prefix)
    tar = scratch / f"base-python{version}.tar"
    subprocess.run(["tar", "--create", "--file", str(tar), "--directory", str(root), "."], check=True)
    name = f"{machine.registry}/lambda/python:{version}"
    changes = (
        'ENTRYPOINT ["/lambda-entrypoint.sh"]',
        "WORKDIR /var/task",
        "ENV LAMBDA_TASK_ROOT=/var/task PATH=/var/lang/bin:/usr/bin:/bin",
        "ENV PYTHONHOME=/var/lang LD_LIBRARY_PATH=/var/lang/lib",
    )
    options = [part for change in changes for part in ("--change", change)]
    machine.docker("import", *options, tar, name)
    machine.docker("push", name)
    return name


def copy_libraries(programs: list[Path], root: Path, prefix: Path, target_prefix: str = "var/lang") -> None:
    """Copy the libraries that the programs are linked with to the same places, and those of ``prefix`` to another."""
    found: set[str] = set()
    for program in programs:
        listed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
        found.update(path for path in _LIBRARY.findall(listed) if Path(path).exists())
    for path in sorted(found):
        target = root / target_prefix / "lib" / Path(path).name if path.startswith(str(prefix)) else root / path[1:]
        if target.is_symlink() or target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(path).resolve(), target)
