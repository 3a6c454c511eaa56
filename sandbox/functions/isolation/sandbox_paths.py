"""Which folders an isolated function sees, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TASK_ROOT = "/var/task"
RUNTIME_DIR = "/var/runtime"
"""Lambda's own names for the folders of the code and of the runtime client."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxPaths:
    """The folders of a function.

    Attributes:
        code: Unpacked code; seen as ``/var/task``.
        client: The runtime client; seen as ``/var/runtime``.
        programs: Folders of the interpreter, seen where they are.
        storage_megabytes: The size of ``/tmp``.
    """

    code: Path
    client: Path
    programs: tuple[Path, ...]
    storage_megabytes: int
