"""The program of each runtime, and the isolation of this machine, found once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from builder.host import process
from builder.platform.runtimes import RUNTIMES
from sandbox.functions.clients.node_client import find_node_program
from sandbox.functions.clients.python_client import find_python_program
from sandbox.functions.function_errors import FunctionUnavailableError
from sandbox.functions.isolation.isolation_choice import find_isolation

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.functions.clients.runtime_program import RuntimeProgram
    from sandbox.functions.isolation.isolation_choice import Isolation, IsolationKind


class RuntimePrograms:
    """Finds or installs the program of a runtime at its first use. Thread-safe.

    Args:
        folder: Where runtime clients are kept.
        any_python: Use the nearest Python if the right one is missing.
        isolation: The only isolation to use; None for the strongest one.
    """

    def __init__(self, folder: Path, *, any_python: bool, isolation: IsolationKind | None = None) -> None:
        self._folder = folder
        self._any_python = any_python
        self._wanted = isolation
        self._isolation: Isolation | None = None
        self._found: dict[str, RuntimeProgram] = {}
        self._turn = threading.Lock()

    def isolation(self) -> Isolation:
        """Return how functions are isolated on this machine."""
        with self._turn:
            if self._isolation is None:
                self._isolation = find_isolation(self._wanted)
            return self._isolation

    def find(self, name: str) -> RuntimeProgram:
        """Return the program of a runtime.

        Raises:
            FunctionUnavailableError: The kit does not run it, or this machine lacks what it needs.
        """
        with self._turn:
            if name not in self._found:
                self._found[name] = self._find(name)
            return self._found[name]

    def _find(self, name: str) -> RuntimeProgram:
        runtime = RUNTIMES.get(name)
        if runtime is None:
            message = f"The kit cannot run the runtime {name}."
            raise FunctionUnavailableError(message, hint=f"It runs {', '.join(RUNTIMES)}.")
        if runtime.language == "nodejs":
            return find_node_program(runtime, self._folder)
        return find_python_program(runtime, self._folder, process.current_environment(), any_python=self._any_python)
