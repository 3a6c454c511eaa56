"""How the code of a runtime is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeProgram:
    """An interpreter and a runtime client on this machine.

    Attributes:
        command: The interpreter and its arguments. ``{task_root}``, ``{runtime_dir}``, ``{old_space}`` and
            ``{semi_space}`` in them are replaced.
        variables: Environment variables of the language. ``{task_root}`` and ``{runtime_dir}`` in them are replaced.
        client: The folder of the runtime client.
        folders: The folders of the interpreter.
        notes: What differs from Lambda, as sentences; empty when nothing is known to differ.
        debugged: Whether it waits for a debugger.
    """

    command: tuple[str, ...]
    variables: Mapping[str, str]
    client: Path
    folders: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    debugged: bool = False

    def command_for(self, *, memory_megabytes: int, task_root: str, runtime_dir: str) -> list[str]:
        """Return the command for one function, with the places of its code and of the runtime client."""
        spaces = {"old_space": memory_megabytes * 90 // 100, "semi_space": max(1, memory_megabytes * 5 // 100)}
        return [part.format(task_root=task_root, runtime_dir=runtime_dir, **spaces) for part in self.command]

    def variables_for(self, *, task_root: str, runtime_dir: str) -> dict[str, str]:
        """Return the environment variables for one function."""
        return {
            name: value.format(task_root=task_root, runtime_dir=runtime_dir) for name, value in self.variables.items()
        }
