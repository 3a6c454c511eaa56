"""The command line of ``unshare`` (util-linux 2.38) with a script that mounts what a function may see."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.functions.isolation.sandbox_paths import RUNTIME_DIR, SYSTEM_FOLDERS, TASK_ROOT, visible_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.functions.isolation.sandbox_paths import SandboxPaths

_NAMESPACES = ("--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts")
_NEW_ROOT = "/mnt"
_DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
_STREAMS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}


def namespace_command(program: str, paths: SandboxPaths) -> list[str]:
    """Return the command in front of a function's own command.

    The script makes a new root in memory, mounts in it what the function may see, and gives up the old root. The
    function is a child of the shell, because the first process of a namespace ignores signals such as SIGKILL that it
    sends to itself.

    Args:
        program: The path of ``unshare``.
        paths: The folders of the function.
    """
    lines = [
        "set -e",
        f"mount -t tmpfs -o mode=755 tmpfs {_NEW_ROOT}",
        f"cd {_NEW_ROOT}",
        *_system_folders(),
        *_devices(),
        "mkdir proc && { mount -t proc proc proc 2>/dev/null || mount --rbind /proc proc; }",
        f"mkdir tmp && mount -t tmpfs -o size={paths.storage_megabytes}m,mode=1777 tmpfs tmp",
        *(_read_only(path, str(path)) for path in (*visible_settings(), *paths.programs)),
        _read_only(paths.code, TASK_ROOT),
        _read_only(paths.client, RUNTIME_DIR),
        "mkdir -p var/tmp",
        # The old root is then mounted over the new one, and goes.
        'PATH="$PATH:/usr/sbin:/sbin" pivot_root . .',
        "umount -l .",
        "mount -o remount,ro,bind /",
        f"cd {TASK_ROOT}",
        "set +e",
        '"$@"',
        "exit $?",
    ]
    return [program, *_NAMESPACES, "sh", "-c", "\n".join(lines), "sh"]


def _system_folders() -> Iterator[str]:
    for entry in sorted(Path("/").iterdir()):
        if entry.name not in SYSTEM_FOLDERS:
            continue
        if entry.is_symlink():
            yield f"ln -s {shlex.quote(os.readlink(entry))} {entry.name}"  # noqa: PTH115 - the text as it is
        elif entry.is_dir():
            yield f"mkdir {entry.name} && mount --rbind {entry} {entry.name} && mount -o remount,ro,bind {entry.name}"


def _devices() -> Iterator[str]:
    yield "mkdir -p dev/shm"
    for name in _DEVICES:
        yield f": >dev/{name} && mount --bind /dev/{name} dev/{name}"
    yield from (f"ln -s {target} dev/{name}" for name, target in _STREAMS.items())
    yield "mount -t tmpfs -o mode=1777 tmpfs dev/shm"


def _read_only(source: Path, target: str) -> str:
    """Return the command that mounts a folder or a file at its place in the new root, which is the current folder."""
    here = shlex.quote(target.lstrip("/"))
    parent = shlex.quote(str(Path(target).parent).lstrip("/"))
    made = f"mkdir -p {here}" if source.is_dir() else f"mkdir -p {parent} && : >{here}"
    return f"{made} && mount -o bind,ro {shlex.quote(str(source))} {here}"
