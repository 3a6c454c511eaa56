"""Python: a CPython of the runtime's version, with Lambda's ``awslambdaric`` from the lock in this folder."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from builder.host import process
from builder.host.interpreters import locate_interpreter
from builder.platform.runtimes import RUNTIMES
from sandbox.functions.clients.runtime_program import RuntimeProgram
from sandbox.functions.function_errors import FunctionUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.host.interpreters import Interpreter
    from builder.platform.runtimes import Runtime

_LOCK: Final = Path(__file__).with_name("awslambdaric.lock")
_START: Final = Path(__file__).with_name("runtime_scripts") / "start_python.py"
_OLDEST: Final = (3, 9)
"""awslambdaric 4.0.4, the oldest version in the lock, needs it."""
_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/opt/bin"


def find_python_program(
    runtime: Runtime, folder: Path, environment: Mapping[str, str], *, any_python: bool
) -> RuntimeProgram:
    """Return the program of a Python runtime; install the runtime client if it is not in the folder.

    Args:
        runtime: The runtime.
        folder: Where runtime clients are kept.
        environment: Of this process.
        any_python: Use the nearest version if the right one is missing.

    Raises:
        FunctionUnavailableError: There is no CPython of this version, or the runtime client cannot be installed.
    """
    interpreter = _find_interpreter(runtime, environment, any_python=any_python)
    client = _client_folder(interpreter, folder)
    version = ".".join(map(str, interpreter.version))
    notes: tuple[str, ...] = ()
    if version != runtime.version:
        notes = (f"Python {interpreter.release} ran this function, because Python {runtime.version} is missing.",)
    program = interpreter.program.resolve()  # of a virtual environment, the Python behind it
    return RuntimeProgram(
        # -B: on Lambda the code's folder cannot be written to; -s and -S: without the packages of this machine.
        command=(str(program), "-B", "-s", "-S", f"{{runtime_dir}}/{_START.name}"),
        variables={
            "PATH": f"{program.parent}:{_PATH}",
            "PYTHONPATH": "{runtime_dir}",
            "LAMBDA_RUNTIME_DIR": "{runtime_dir}",
            "LD_LIBRARY_PATH": "{task_root}:{task_root}/lib",
        },
        client=client,
        folders=(program.parents[1],),
        notes=notes,
    )


def _find_interpreter(runtime: Runtime, environment: Mapping[str, str], *, any_python: bool) -> Interpreter:
    exact = locate_interpreter(runtime.version, environment)
    if exact is not None:
        return exact
    if any_python:
        for version in _nearest_versions(runtime.version):
            if found := locate_interpreter(version, environment):
                return found
    message = f"Python {runtime.version} is not on this machine, and {runtime.name} needs it."
    hint = f"Install it with `uv python install {runtime.version}`, or use the nearest version with --any-python."
    raise FunctionUnavailableError(message, hint=hint)


def _nearest_versions(wanted: str) -> list[str]:
    """Return the other versions of Python runtimes, the nearest first and a newer one before an older one."""
    minor = int(wanted.partition(".")[2])
    versions = [one.version for one in RUNTIMES.values() if one.language == "python" and one.version != wanted]
    minors = sorted((int(version.partition(".")[2]) for version in versions), key=lambda one: (abs(one - minor), -one))
    return [f"3.{one}" for one in minors if (3, one) >= _OLDEST]


def _client_folder(interpreter: Interpreter, folder: Path) -> Path:
    """Return the folder of the runtime client for an interpreter, installed now or earlier."""
    digest = hashlib.sha256(_LOCK.read_bytes() + _START.read_bytes()).hexdigest()[:16]
    target = folder / f"awslambdaric-{digest}-{interpreter.tag}"
    if target.is_dir():
        return target
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = folder / f".{secrets.token_hex(8)}"
    partial.mkdir()
    try:
        _install(interpreter, partial)
        partial.rename(target)
    except OSError:
        if not target.is_dir():  # another process was faster
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _install(interpreter: Interpreter, target: Path) -> None:
    from uv import find_uv_bin

    from builder.dependencies import operator_settings, tool_failures
    from builder.dependencies.python.pip_client import read_pip_settings
    from builder.dependencies.python.uv import index_is_configured

    (target / "uv.toml").touch()  # ends uv's search for settings of a project in parent folders
    environment = operator_settings.uv_environment(
        process.current_environment(), read_pip_settings(target), configured=index_is_configured()
    )
    command = [find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--python", str(interpreter.program), "--no-python-downloads"]
    command += ["--compile-bytecode", "--target", str(target), "--requirement", str(_LOCK)]
    if sys.platform != "linux":  # awslambdaric has wheels for Linux only; its native part is replaced elsewhere
        command += ["--python-platform", "x86_64-manylinux_2_28"]
    completed = process.run(command, cwd=target, environment=environment)
    if completed.returncode != 0:
        reason = tool_failures.connection_error(completed, "package index")
        last_line = tool_failures.last_line(completed.stderr)
        message = f"awslambdaric, Lambda's runtime client, cannot be installed: {last_line}"
        raise FunctionUnavailableError(
            reason.message if reason else message,
            hint=reason.hint if reason else "Fix what uv names, then try again.",
        )
    shutil.copyfile(_START, target / _START.name)
    if sys.platform != "linux":
        shutil.copyfile(_START.with_name("runtime_client.py"), target / "runtime_client.py")
