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
        command: The interpreter and its arguments. ``{memory}`` and ``{task_root}`` in them are replaced.
        variables: Environment variables of the language. ``{task_root}`` in them is replaced.
        folders: The folders outside of the system's own that the program reads.
        notes: What differs from Lambda, as sentences; empty when nothing is known to differ.
    """

    command: tuple[str, ...]
    variables: Mapping[str, str]
    folders: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    def command_for(self, *, memory_megabytes: int, task_root: str) -> list[str]:
        """Return the command for one function."""
        return [
            part.replace("{old_space}", str(memory_megabytes * 90 // 100))
            .replace("{semi_space}", str(max(1, memory_megabytes * 5 // 100)))
            .replace("{task_root}", task_root)
            for part in self.command
        ]

    def variables_for(self, *, task_root: str) -> dict[str, str]:
        """Return the environment variables for one function."""
        return {name: value.replace("{task_root}", task_root) for name, value in self.variables.items()}
