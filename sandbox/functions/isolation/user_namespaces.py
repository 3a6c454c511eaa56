"""The command line of ``unshare`` (util-linux 2.38) with a script that mounts what a function may see."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sandbox.functions.isolation.sandbox_paths import RUNTIME_DIR, TASK_ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.functions.isolation.sandbox_paths import SandboxPaths

_NAMESPACES = ("--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts")
_STAGE = "/mnt"
_EMPTIED = ("/tmp", "/var", "/home", "/root")  # noqa: S108 - names inside


def namespace_command(program: str, paths: SandboxPaths) -> list[str]:
    """Return the command in front of a function's own command.

    Every folder that the function needs is first mounted on a stage. Then the folders that may contain something
    private are covered with empty ones, and the needed folders move to their places. The function is a child of the
    shell, because the first process of a namespace ignores signals such as SIGKILL that it sends to itself.

    Args:
        program: The path of ``unshare``.
        paths: The folders of the function.
    """
    places = [(str(folder), str(folder)) for folder in paths.programs if _is_covered(folder)]
    places += [(str(paths.code), TASK_ROOT), (str(paths.client), RUNTIME_DIR)]
    lines = ["set -e", f"mount -t tmpfs tmpfs {_STAGE}"]
    for number, (source, _) in enumerate(places):
        stage = f"{_STAGE}/{number}"
        lines.append(f"mkdir {stage} && mount --bind {shlex.quote(source)} {stage} && mount -o remount,ro,bind {stage}")
    for folder in _EMPTIED:
        size = f"size={paths.storage_megabytes}m,mode=1777" if folder == "/tmp" else "size=1m"  # noqa: S108
        lines.append(f"if [ -d {folder} ]; then mount -t tmpfs -o {size} tmpfs {folder}; fi")
    for number, (_, target) in enumerate(places):
        lines.append(f"mkdir -p {shlex.quote(target)} && mount --move {_STAGE}/{number} {shlex.quote(target)}")
    lines += [f"mount -o remount,ro,bind {folder}" for folder in ("/var", "/")]
    lines += [
        f"umount {_STAGE}",
        "mount -t proc proc /proc 2>/dev/null || true",
        f"cd {TASK_ROOT}",
        "set +e",
        '"$@"',
        "exit $?",
    ]
    return [program, *_NAMESPACES, "sh", "-c", "\n".join(lines), "sh"]


def _is_covered(folder: Path) -> bool:
    return any(folder.is_relative_to(covered) for covered in _EMPTIED)
