"""Control groups: the kernel counts the memory of all processes of a function, and ends them above the limit.

Version 1 and version 2 of cgroups differ in file names. Creating a group needs permission: root has it, and so has a
user whose session was delegated one (systemd).
"""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOUNT = Path("/sys/fs/cgroup")
_PREFIX = "biot-plugin-"
PROCESSES_MAX = 1_024
"""Processes and threads of an execution environment (Lambda quotas)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupParents:
    """Where groups can be created.

    Attributes:
        version: 1 or 2 of cgroups.
        memory: The folder for groups with a memory limit.
        processes: The folder for groups with a limit of processes; version 2 has both in one. None if there is none.
    """

    version: int
    memory: Path
    processes: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryGroup:
    """The group of one execution environment."""

    version: int
    memory: Path
    processes: Path | None

    @property
    def join_files(self) -> tuple[Path, ...]:
        """A process that writes its id into these files joins the group, and its children are born in it."""
        folders = (self.memory, *((self.processes,) if self.processes else ()))
        return tuple(folder / "cgroup.procs" for folder in folders)

    def anonymous(self) -> int:
        """Return the bytes of memory without files: neither program files nor an own ``/tmp`` in memory count."""
        fields = _fields(self.memory / "memory.stat")
        return int(fields.get("anon" if self.version > 1 else "total_rss", "0"))

    def out_of_memory(self) -> bool:
        """Return whether the kernel has ended a process because of the limit."""
        file = self.memory / ("memory.events" if self.version > 1 else "memory.oom_control")
        return _fields(file).get("oom_kill", "0") != "0"

    def members(self) -> list[int]:
        """Return the ids of all processes in the group."""
        with suppress(OSError):
            return [int(line) for line in (self.memory / "cgroup.procs").read_text().split()]
        return []

    def remove(self) -> None:
        """Delete the group. Its processes must have ended."""
        for folder in (self.memory, *((self.processes,) if self.processes else ())):
            with suppress(OSError):
                folder.rmdir()


def find_parents() -> GroupParents | None:
    """Return where this process can create groups; None if nowhere."""
    if sys.platform != "linux":
        return None
    for parents in _candidates():
        _remove_abandoned(parents)
        with suppress(OSError):
            create_group(parents, 64 << 20).remove()
            return parents
    return None


def create_group(parents: GroupParents, limit: int) -> MemoryGroup:
    """Create a group.

    Args:
        parents: Where.
        limit: Bytes of memory; swap space is not allowed in addition.

    Raises:
        OSError: It is not permitted.
    """
    name = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    group = MemoryGroup(
        version=parents.version,
        memory=parents.memory / name,
        processes=parents.processes / name if parents.processes else None,
    )
    group.memory.mkdir()
    try:
        if parents.version > 1:
            (group.memory / "memory.max").write_text(str(limit))
            _write_if_there(group.memory / "memory.swap.max", "0")
            _write_if_there(group.memory / "pids.max", str(PROCESSES_MAX))
        else:
            (group.memory / "memory.limit_in_bytes").write_text(str(limit))
            _write_if_there(group.memory / "memory.memsw.limit_in_bytes", str(limit))
        if group.processes is not None:
            group.processes.mkdir()
            _write_if_there(group.processes / "pids.max", str(PROCESSES_MAX))
    except OSError:
        group.remove()
        raise
    return group


def _candidates() -> Iterator[GroupParents]:
    own = _own_groups()
    if "memory" in own:
        memory, processes = _parent("memory", own), _parent("pids", own)
        if memory is not None:
            yield GroupParents(version=1, memory=memory, processes=processes)
    for path in dict.fromkeys((own.get("", "/"), str(Path(own.get("", "/")).parent))):
        folder = _MOUNT / path.lstrip("/")
        with suppress(OSError):
            if "memory" in (folder / "cgroup.controllers").read_text().split():
                with suppress(OSError):
                    (folder / "cgroup.subtree_control").write_text("+memory +pids")
                yield GroupParents(version=2, memory=folder, processes=None)


def _parent(controller: str, own: Mapping[str, str]) -> Path | None:
    """Return this process's own group of a controller, or the root of the controller."""
    mount = _MOUNT / controller
    inside = mount / own.get(controller, "/").lstrip("/")
    return next((folder for folder in (inside, mount) if (folder / "cgroup.procs").exists()), None)


def _own_groups() -> dict[str, str]:
    """Return controller -> path of this process's group; version 2 is the empty name."""
    groups: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _number_text, controllers, path = line.split(":", 2)
            for controller in controllers.split(","):
                groups[controller] = path
    return groups


def _remove_abandoned(parents: GroupParents) -> None:
    """Delete the groups of processes that were killed; a group with processes cannot be deleted."""
    for parent in (parents.memory, parents.processes):
        for folder in parent.glob(f"{_PREFIX}*") if parent else ():
            pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
            if not Path("/proc", pid).exists():
                with suppress(OSError):
                    folder.rmdir()


def _write_if_there(file: Path, text: str) -> None:
    with suppress(FileNotFoundError, PermissionError):
        if file.exists():
            file.write_text(text)


def _fields(file: Path) -> dict[str, str]:
    with suppress(OSError):
        return dict(line.split(" ", 1) for line in file.read_text().splitlines() if " " in line)
    return {}
