"""Lets a debugger attach to functions: debugpy for Python, and the inspector that Node.js has.

A function that is debugged waits for the debugger before its code is loaded, and has one environment, because a
debugger attaches to one process. No timeout counts, and the memory of the debugger does not count either.
"""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from builder.platform.runtimes import RUNTIMES
from sandbox.functions.function_errors import FunctionUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox.functions.clients.runtime_program import RuntimeProgram
    from sandbox.functions.function_configuration import FunctionConfiguration

HOST: Final = "127.0.0.1"
FIRST_PORTS: Final = {"python": 5678, "nodejs": 9229}
"""The usual ports of debugpy and of Node's inspector. A function keeps the one that is free at its first start."""
PAUSED_SECONDS: Final = 7 * 24 * 3600.0
"""In place of every timeout."""
MEMORY_MEGABYTES: Final = 512
"""More memory, for the debugger."""
_NOTE: Final = "A debugger may be attached: no timeout counted, and the memory includes the debugger."
_PORTS: Final = 100
_FREE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingFunction:
    """A function that waits for a debugger.

    Attributes:
        name: Of the function.
        language: ``python`` or ``nodejs``.
        port: On loopback.
        task_root: The folder of its code, as the function sees it.
    """

    name: str
    language: str
    port: int
    task_root: str


class Debugger:
    """How functions are debugged.

    Args:
        debugpy: The folder of the package debugpy; None if it is not installed.
        waiting: Called whenever a new environment is about to wait for a debugger, in a thread of the service.
    """

    def __init__(self, debugpy: Path | None, waiting: Callable[[WaitingFunction], None]) -> None:
        self._debugpy = debugpy
        self._waiting = waiting
        self._ports: dict[str, int] = {}

    def require(self, configuration: FunctionConfiguration) -> None:
        """Check that a function can be debugged.

        Raises:
            FunctionUnavailableError: debugpy is missing.
        """
        if self._debugpy is None and _language(configuration) == "python":
            message = f"debugpy is not installed, and debugging {configuration.name} needs it."
            hint = "Run `pip install debugpy` in the plugin's virtual environment and activate it, or beside the kit."
            raise FunctionUnavailableError(message, hint=hint)

    def debugged(self, program: RuntimeProgram, configuration: FunctionConfiguration, task_root: str) -> RuntimeProgram:
        """Return the program that waits for a debugger, as soon as its port is free, and say where it waits.

        Raises:
            FunctionUnavailableError: debugpy is missing, or another program uses the port.
        """
        self.require(configuration)
        language = _language(configuration)
        port = self._port(configuration.name, language)
        _wait_until_free(port, configuration.name)
        self._waiting(WaitingFunction(name=configuration.name, language=language, port=port, task_root=task_root))
        interpreter, *rest = program.command
        changed = replace(program, debugged=True, notes=(*program.notes, _NOTE))
        if self._debugpy is None or language == "nodejs":
            return replace(changed, command=(interpreter, f"--inspect-brk={HOST}:{port}", *rest))
        # Breakpoints in the standard library's frozen modules would be missed.
        command = (interpreter, "-X", "frozen_modules=off", *rest, HOST, str(port), str(self._debugpy.parent))
        return replace(changed, command=command, folders=(*program.folders, self._debugpy))

    def _port(self, name: str, language: str) -> int:
        if name not in self._ports:
            taken = set(self._ports.values())
            first = FIRST_PORTS[language]
            candidates = (port for port in range(first, first + _PORTS) if port not in taken)
            self._ports[name] = next((port for port in candidates if _is_free(port)), first)
        return self._ports[name]


def _language(configuration: FunctionConfiguration) -> str:
    runtime = RUNTIMES.get(configuration.runtime)
    return runtime.language if runtime else ""


def _wait_until_free(port: int, name: str) -> None:
    """Wait for the end of the environment before, which has the port."""
    deadline = time.monotonic() + _FREE_SECONDS
    while not _is_free(port):
        if time.monotonic() > deadline:
            message = f"Port {port} is used by another program, and debugging {name} needs it."
            raise FunctionUnavailableError(message, hint="End that program, for example another debugged plugin.")
        time.sleep(_POLL_SECONDS)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":  # elsewhere the option would let two programs share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
