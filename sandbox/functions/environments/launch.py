"""How the process of an execution environment is started, and what is cleaned up after it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.functions.environments.code_folders import delete_folder
from sandbox.functions.environments.function_variables import function_variables
from sandbox.functions.environments.memory_meter import MemoryMeter

if TYPE_CHECKING:
    from sandbox.functions.clients.runtime_program import RuntimeProgram
    from sandbox.functions.function_configuration import FunctionConfiguration

_MEGABYTE = 1_048_576
NOT_ISOLATED = "This system enforces the timeout and the memory, but neither the size of /tmp nor read-only code."


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """One start of a function.

    Attributes:
        configuration: The function.
        program: The interpreter and the runtime client.
        code: The folder with its code.
        storage: The folder for its temporary files.
        meter: Its memory.
    """

    configuration: FunctionConfiguration
    program: RuntimeProgram
    code: Path
    storage: Path
    meter: MemoryMeter

    @property
    def argv(self) -> list[str]:
        """The command."""
        return self.program.command_for(memory_megabytes=self.configuration.memory_megabytes, task_root=str(self.code))

    @property
    def folder(self) -> Path:
        """The folder that the process starts in."""
        return self.code

    @property
    def isolation(self) -> str:
        """Which limits are enforced, as one sentence."""
        return NOT_ISOLATED

    def variables_for(self, runtime_api: str) -> dict[str, str]:
        """Return all environment variables."""
        return {
            **function_variables(self.configuration, task_root=str(self.code), runtime_api=runtime_api),
            **self.program.variables_for(task_root=str(self.code)),
            "TMPDIR": str(self.storage),
        }

    def storage_used(self) -> int:
        """Return the bytes in the folder for temporary files."""
        return _folder_size(self.storage)

    def clean_up(self) -> None:
        """Delete the temporary files."""
        delete_folder(self.storage)


def prepare_launch(configuration: FunctionConfiguration, program: RuntimeProgram, code: Path) -> Launch:
    """Create what one start needs."""
    return Launch(
        configuration=configuration,
        program=program,
        code=code,
        storage=Path(tempfile.mkdtemp(prefix="biot-plugin-")),
        meter=MemoryMeter(limit=configuration.memory_megabytes * _MEGABYTE),
    )


def _folder_size(folder: Path) -> int:
    total = 0
    for parent, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - after every call
            except OSError:
                continue
    return total
