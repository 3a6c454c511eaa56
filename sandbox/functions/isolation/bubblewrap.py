"""The command line of bubblewrap (https://github.com/containers/bubblewrap), tested with version 0.8."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.functions.isolation.sandbox_paths import RUNTIME_DIR, SYSTEM_FOLDERS, TASK_ROOT, visible_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.functions.isolation.sandbox_paths import SandboxPaths

_USER, _GROUP = "993", "990"
"""As the managed runtime runs functions."""


def bubblewrap_command(program: str, paths: SandboxPaths) -> list[str]:
    """Return the command in front of a function's own command.

    The function sees the system's programs and libraries, a few of its settings, its code, its interpreter and an
    empty ``/tmp``. Processes that it leaves behind end with it. The network is the machine's, because the local BioT
    is on it.

    Args:
        program: The path of bubblewrap.
        paths: The folders of the function.
    """
    command = [program, "--die-with-parent", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    command += ["--uid", _USER, "--gid", _GROUP, "--hostname", "169.254.100.1"]
    command += [*_system_folders(), "--proc", "/proc", "--dev", "/dev"]
    for setting in visible_settings():  # what a link leads to is seen in its place
        command += ["--ro-bind", str(setting), str(setting)]
    command += ["--size", str(paths.storage_megabytes << 20), "--tmpfs", "/tmp", "--dir", "/var/tmp"]  # noqa: S108 - names inside
    for folder in paths.programs:
        command += ["--ro-bind", str(folder), str(folder)]
    command += ["--ro-bind", str(paths.code), TASK_ROOT, "--ro-bind", str(paths.client), RUNTIME_DIR]
    return [*command, "--remount-ro", "/", "--chdir", TASK_ROOT, "--"]


def _system_folders() -> Iterator[str]:
    for entry in sorted(Path("/").iterdir()):
        if entry.name not in SYSTEM_FOLDERS:
            continue
        if entry.is_symlink():
            yield from ("--symlink", os.readlink(entry), str(entry))  # noqa: PTH115 - the text as it is
        elif entry.is_dir():
            yield from ("--ro-bind", str(entry), str(entry))
