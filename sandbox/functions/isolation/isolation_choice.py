"""What this machine enforces, found once by trying it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from builder.host import process
from sandbox.functions.isolation.bubblewrap import bubblewrap_command
from sandbox.functions.isolation.memory_groups import find_parents
from sandbox.functions.isolation.sandbox_paths import SandboxPaths
from sandbox.functions.isolation.user_namespaces import namespace_command

if TYPE_CHECKING:
    from sandbox.functions.isolation.memory_groups import GroupParents

IsolationKind = Literal["bubblewrap", "namespaces", "none"]
_DESCRIPTIONS: dict[IsolationKind, str] = {
    "bubblewrap": "bubblewrap: read-only code, the size of /tmp, and no process left behind are enforced.",
    "namespaces": "User namespaces: read-only code, the size of /tmp, and no process left behind are enforced.",
    "none": "Not enforced on this system: read-only code and the size of /tmp.",
}
_WRAPPERS: dict[IsolationKind, int] = {"bubblewrap": 2, "namespaces": 2, "none": 0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Isolation:
    """How functions are isolated.

    Attributes:
        kind: The program that isolates.
        program: Its path.
        groups: Where control groups can be created; None if nowhere.
    """

    kind: IsolationKind
    program: str = ""
    groups: GroupParents | None = None

    @property
    def description(self) -> str:
        """Which limits are enforced, as one sentence."""
        return _DESCRIPTIONS[self.kind]

    @property
    def wrappers(self) -> int:
        """How many processes there are in front of the function's own."""
        return _WRAPPERS[self.kind]

    def command(self, paths: SandboxPaths) -> list[str]:
        """Return the command in front of the function's own; empty without isolation."""
        if self.kind == "bubblewrap":
            return bubblewrap_command(self.program, paths)
        return namespace_command(self.program, paths) if self.kind == "namespaces" else []


def find_isolation(wanted: IsolationKind | None = None) -> Isolation:
    """Return the strongest isolation of this machine.

    Args:
        wanted: Only this kind; without it there is none.
    """
    groups = find_parents()
    candidates: tuple[tuple[IsolationKind, str], ...] = (("bubblewrap", "bwrap"), ("namespaces", "unshare"))
    for kind, name in candidates if sys.platform == "linux" else ():
        found = process.find_program(name) if wanted in {None, kind} else None
        if found is not None and _works(kind, found):
            return Isolation(kind=kind, program=found, groups=groups)
    return Isolation(kind="none", groups=groups)


def _works(kind: IsolationKind, program: str) -> bool:
    folder = Path("/usr/bin")
    paths = SandboxPaths(code=folder, client=folder, programs=(), storage_megabytes=1)
    command = Isolation(kind=kind, program=program).command(paths)
    return process.run([*command, "true"], cwd=Path("/")).returncode == 0
