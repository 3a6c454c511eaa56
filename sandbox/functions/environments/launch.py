"""How the process of an execution environment is started, and what is cleaned up after it."""

from __future__ import annotations

import os
import shlex
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.functions.debugging import MEMORY_MEGABYTES
from sandbox.functions.environments.code_folders import delete_folder
from sandbox.functions.environments.function_variables import function_variables
from sandbox.functions.environments.memory_meter import MemoryMeter
from sandbox.functions.isolation.memory_groups import create_group
from sandbox.functions.isolation.sandbox_paths import RUNTIME_DIR, TASK_ROOT, SandboxPaths
from sandbox.functions.lambda_facts import STORAGE

if TYPE_CHECKING:
    from sandbox.functions.clients.runtime_program import RuntimeProgram
    from sandbox.functions.function_configuration import FunctionConfiguration
    from sandbox.functions.isolation.isolation_choice import Isolation

_MEGABYTE = 1_048_576
_OPEN_FILES_MAX = 1_024
"""File descriptors of an execution environment (Lambda quotas)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """One start of a function.

    Attributes:
        configuration: The function.
        program: The interpreter and the runtime client.
        code: The folder with its code.
        storage: The folder for its temporary files; None when ``/tmp`` is its own.
        meter: Its memory.
        system: How it is isolated.
    """

    configuration: FunctionConfiguration
    program: RuntimeProgram
    code: Path
    storage: Path | None
    meter: MemoryMeter
    system: Isolation

    @property
    def argv(self) -> list[str]:
        """The command."""
        paths = SandboxPaths(
            code=self.code,
            client=self.program.client,
            programs=self.program.folders,
            storage_megabytes=self.configuration.ephemeral_storage_megabytes,
        )
        own = self.program.command_for(
            memory_megabytes=self.configuration.memory_megabytes,
            task_root=self._task_root,
            runtime_dir=self._runtime_dir,
        )
        command = [*self.system.command(paths), *own]
        if os.name != "posix":
            return command
        joins = "".join(f"echo $$ >{shlex.quote(str(file))} && " for file in self.meter.join_files)
        return ["sh", "-c", f'{joins}ulimit -n {_OPEN_FILES_MAX} 2>/dev/null; exec "$@"', "sh", *command]

    @property
    def isolation(self) -> str:
        """Which limits are enforced, as one sentence."""
        return self.system.description

    def variables_for(self, runtime_api: str) -> dict[str, str]:
        """Return all environment variables."""
        return {
            **function_variables(self.configuration, task_root=self._task_root, runtime_api=runtime_api),
            **self.program.variables_for(task_root=self._task_root, runtime_dir=self._runtime_dir),
            **({"TMPDIR": str(self.storage)} if self.storage else {}),
        }

    def storage_used(self) -> int:
        """Return the bytes of temporary files."""
        if self.storage is not None:
            return _folder_size(self.storage)
        with suppress(OSError):
            state = os.statvfs(f"/proc/{self.meter.function_pid}/root{STORAGE}")
            return (state.f_blocks - state.f_bfree) * state.f_frsize
        return 0

    def clean_up(self) -> None:
        """Delete the temporary files and what the system keeps about the environment."""
        if self.storage is not None:
            delete_folder(self.storage)
        self.meter.close()

    @property
    def _task_root(self) -> str:
        return task_root_of(self.code, self.system)

    @property
    def _runtime_dir(self) -> str:
        return str(self.program.client) if self.system.kind == "none" else RUNTIME_DIR


def task_root_of(code: Path, system: Isolation) -> str:
    """Return the folder of the code, as the function sees it."""
    return str(code) if system.kind == "none" else TASK_ROOT


def prepare_launch(
    configuration: FunctionConfiguration, program: RuntimeProgram, code: Path, system: Isolation
) -> Launch:
    """Create what one start needs."""
    limit = (configuration.memory_megabytes + (MEMORY_MEGABYTES if program.debugged else 0)) * _MEGABYTE
    group = None
    if system.groups is not None:
        # An isolated /tmp is in memory, but on Lambda it does not count as memory; the meter counts without it.
        storage = 0 if system.kind == "none" else configuration.ephemeral_storage_megabytes * _MEGABYTE
        with suppress(OSError):
            group = create_group(system.groups, limit + storage)
    return Launch(
        configuration=configuration,
        program=program,
        code=code,
        storage=Path(tempfile.mkdtemp(prefix="biot-plugin-")) if system.kind == "none" else None,
        meter=MemoryMeter(limit=limit, wrappers=system.wrappers, group=group),
        system=system,
    )


def _folder_size(folder: Path) -> int:
    total = 0
    for parent, _folders, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - after every call
    return total
