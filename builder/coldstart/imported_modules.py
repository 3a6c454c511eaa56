"""Which modules a handler imports: found by importing it, in a process of its own that can do little else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from builder import process
from builder.errors import PackagingError
from builder.platform.reserved_variables import DISPLAY_NAME_VARIABLE, PLATFORM_VALUE_SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.interpreters import Interpreter
    from builder.manifest.model import Plugin

SECONDS: Final = 60
"""For all imports together; Lambda gives the start of a function ten."""
_SCRIPT: Final = Path(__file__).with_name("interpreter_scripts") / "import_handler.py"
_WAY_OUT: Final = 'Mend it, or write precompile = "all": that compiles every module and imports none.'


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedModules:
    """What importing a handler loaded.

    Attributes:
        files: Source files, as paths of the artifact.
        isolated: Whether there was no network and a read-only disk.
    """

    files: frozenset[str]
    isolated: bool


def find_imported_modules(
    plugin: Plugin, code: Path, interpreter: Interpreter, environment: Mapping[str, str]
) -> ImportedModules:
    """Import the handler's module and learn which source files that takes.

    Args:
        plugin: Names the handler.
        code: The artifact's files.
        interpreter: Of the runtime's version.
        environment: The whole environment of the imports.

    Raises:
        PackagingError: The import fails or does not end.
    """
    module = plugin.handler.rpartition(".")[0].replace("/", ".")
    done = process.run(
        [str(interpreter.program), "-I", "-S", "-B", str(_SCRIPT), str(code), module, str(SECONDS)],
        cwd=code,
        environment=environment,
    )
    if done.returncode != 0:
        raise _failed(module, done)
    told = json.loads(done.stdout)
    return ImportedModules(files=frozenset(told["files"]), isolated=told["isolated"])


def import_environment(plugin: Plugin, code: Path, work: Path) -> dict[str, str]:
    """The whole environment of the imports: the manifest's variables, and invented values where BioT has real ones.

    Args:
        plugin: Whose variables count.
        code: The artifact's files.
        work: A private folder: home and temporary folder of the process.
    """
    invented = dict.fromkeys((*PLATFORM_VALUE_SIZES, DISPLAY_NAME_VARIABLE), "invented")
    return {
        **invented,
        "BIOT_BASE_URL": "https://biot.invalid",
        "BIOT_SHOULD_VALIDATE_JWT": "true",
        **plugin.environment_variables,
        "AWS_LAMBDA_FUNCTION_NAME": f"Plugin-{plugin.name}",
        "AWS_REGION": "us-east-1",
        "HOME": str(work),
        "LAMBDA_TASK_ROOT": str(code),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TMPDIR": str(work),
        "TZ": ":UTC",
    }


def _failed(module: str, done: process.CompletedProcess) -> PackagingError:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    if any(line.startswith("Timeout (") for line in lines):
        place = next((line for line in lines if line.startswith("File ")), "an import")
        message = f"Importing {module!r} to learn which modules it needs took more than {SECONDS} s, in {place}."
    else:
        said = lines[-1] if lines else f"it ended with {done.returncode}"
        message = f"Importing {module!r} to learn which modules it needs failed: {said.rstrip('.')}."
    return PackagingError(message, hint=_WAY_OUT)
