"""What the manifest chose for its cold start, and what of this machine decides the bytes it gives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import ManifestError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.coldstart.interpreters import Interpreter
    from builder.manifest.model import Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A manifest's choices with the tools they need.

    Attributes:
        interpreter: What compiles, or None when nothing is compiled.
        inputs: What of these tools decides the artifact's bytes.
    """

    interpreter: Interpreter | None = None
    inputs: tuple[str, ...] = ()


def choose(manifest: Manifest, environment: Mapping[str, str]) -> Choice:
    """Find the tools that the manifest's choices need.

    Args:
        manifest: Of a ZIP plugin.
        environment: Of this process.

    Raises:
        ManifestError: A choice is not for the plugin's language.
        ProjectError: A tool is not on this machine.
    """
    chosen = manifest.build.precompile
    if not chosen:
        return Choice()
    if manifest.runtime.language != "python":
        problem = Problem(
            file=manifest.file.name,
            key="build.precompile",
            message=f"Bytecode is for Python, and the runtime is {manifest.runtime.name}.",
            hint="Leave precompile out.",
        )
        message = "The manifest asks for what its runtime does not have."
        raise ManifestError(message, problems=[problem])
    from builder.coldstart.interpreters import find_interpreter

    interpreter = find_interpreter(manifest.runtime.version, environment)
    # With true the handler is imported, and what it imports may hang on its variables.
    variables = "" if chosen == "all" else json.dumps(dict(manifest.plugin.environment_variables), sort_keys=True)
    return Choice(interpreter=interpreter, inputs=("precompile", str(chosen), interpreter.release, variables))


def with_tools(report: Mapping[str, object], choice: Choice) -> dict[str, object]:
    """A build report that names the tools of the choices beside the kit's own."""
    tools = report.get("tools")
    if choice.interpreter is None or not isinstance(tools, dict):
        return dict(report)
    return {**report, "tools": {**tools, "bytecode": f"CPython {choice.interpreter.release}"}}
