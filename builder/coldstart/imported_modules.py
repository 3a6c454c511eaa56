"""Finds the modules that a handler imports, by importing it in a separate, isolated process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from builder.errors import PackagingError
from builder.host import process
from builder.platform.reserved_variables import DISPLAY_NAME_VARIABLE, PLATFORM_VALUE_SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.host.interpreters import Interpreter
    from builder.manifest.model import Plugin

SECONDS: Final = 60
"""For all imports together; Lambda allows ten for the start of a function."""
_SCRIPT: Final = Path(__file__).with_name("interpreter_scripts") / "import_handler.py"
_HINT: Final = 'Fix the import, or write precompile = "all": that compiles every module and imports none.'


class ImportedModules(Struct, frozen=True, kw_only=True):
    """The modules that importing a handler loaded.

    Attributes:
        files: Source files, as paths of the artifact.
        is_isolated: Whether the process had no network and a read-only disk.
    """

    files: frozenset[str]
    is_isolated: bool


def find_imported_modules(
    plugin: Plugin, code: Path, interpreter: Interpreter, environment: Mapping[str, str]
) -> ImportedModules:
    """Import the handler's module and record the source files that this loads.

    Args:
        plugin: Names the handler.
        code: The artifact's files.
        interpreter: Of the runtime's version.
        environment: The whole environment of the imports.

    Raises:
        PackagingError: The import fails, or takes too long.
    """
    module = plugin.handler.rpartition(".")[0].replace("/", ".")
    done = process.run(
        [str(interpreter.program), "-I", "-S", "-B", str(_SCRIPT), str(code), module, str(SECONDS)],
        cwd=code,
        environment=environment,
    )
    if done.returncode != 0:
        raise _import_error(module, done)
    output = json.loads(done.stdout)
    return ImportedModules(files=frozenset(output["files"]), is_isolated=output["isolated"])


def import_environment(plugin: Plugin, code: Path, work: Path) -> dict[str, str]:
    """The whole environment of the imports: the manifest's variables, and invented values for those that BioT sets.

    Args:
        plugin: Whose variables count.
        code: The artifact's files.
        work: A private folder, used as home and temporary folder of the process.
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


def _import_error(module: str, done: process.CompletedProcess) -> PackagingError:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    if any(line.startswith("Timeout (") for line in lines):
        location = next((line for line in lines if line.startswith("File ")), "an import")
        message = f"Importing {module!r} to find the modules it needs took more than {SECONDS} s, in {location}."
    else:
        reason = lines[-1] if lines else f"the process ended with exit code {done.returncode}"
        message = f"Importing {module!r} to find the modules it needs failed: {reason.rstrip('.')}."
    return PackagingError(message, hint=_HINT)
