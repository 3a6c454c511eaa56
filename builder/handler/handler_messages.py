"""The problems that the check of the handler reports."""

from __future__ import annotations

import posixpath
import sys
from typing import TYPE_CHECKING

from builder.errors import Problem, Severity
from builder.handler.name_resolution import ResolutionKind

if TYPE_CHECKING:
    from builder.handler.name_resolution import HandlerReference, Resolution

_CODE = "handler"
_MANIFEST = "plugin.toml"
_KEY = "plugin.handler"
_FILE_EXTENSIONS = {"python": (".py",), "nodejs": (".js", ".mjs", ".cjs")}
_EXAMPLES = {
    "python": "def {name}(event, context): …",
    "nodejs": "export async function {name}(event, context) {{ … }}",
}
_SIGNATURE_HINTS = {
    "python": "Write def {name}(event, context).",
    "nodejs": "Make it async, and return the response or throw the error instead of calling the callback.",
}


def missing_file_problem(reference: HandlerReference, root: str, other_file: str) -> Problem:
    """The handler's file does not exist; ``other_file`` is one of that name in another language, or empty."""
    stem = path_in_plugin(root, reference.module)
    candidates = " or ".join(stem + extension for extension in _FILE_EXTENSIONS[reference.language])
    message = (
        f"The handler {reference.handler} needs a function {reference.name} in {candidates}, which does not exist."
    )
    hint = f"Create it, or name another file in handler; [build] root is {root}."
    if other_file:
        next_step = (
            "compile it to JavaScript first, and set [build] root to the folder of the compiled files."
            if other_file.endswith(("ts", "jsx"))
            else "set runtime to the language of this plugin."
        )
        hint = f"Found {path_in_plugin(root, other_file)}: {next_step}"
    return Problem(message=message, hint=hint, file=_MANIFEST, key=_KEY, code=_CODE)


def wrong_root_problem(reference: HandlerReference, root: str, other_root: str, file: str) -> Problem:
    """The handler is not below the build root, but below another usual one."""
    expected = path_in_plugin(root, reference.module) + _FILE_EXTENSIONS[reference.language][0]
    actual = path_in_plugin(other_root, file)
    message = f"The function {reference.name} is in {actual}, but the build root expects it in {expected}."
    return Problem(
        message=message, hint=f'Write root = "{other_root}" into [build].', file=_MANIFEST, key=_KEY, code=_CODE
    )


def wrong_export_problem(reference: HandlerReference, root: str, resolution: Resolution) -> Problem:
    """The handler's file exists, but it does not export the function."""
    file, name = path_in_plugin(root, resolution.file), reference.name
    message, hint = {
        ResolutionKind.COROUTINE: (
            f"{name} is an async def; Lambda's Python runtime does not await it, so every call would fail.",
            f"Write def {name}(event, context) and call asyncio.run() inside it.",
        ),
        ResolutionKind.WRONG_SIGNATURE: (
            f"Lambda calls {name}(event, context), but {name} {resolution.detail}.",
            _SIGNATURE_HINTS[reference.language].format(name=name),
        ),
        ResolutionKind.NOT_A_FUNCTION: (
            f"{name} is not a function, so Lambda cannot call it.",
            f"Make it a function: {_EXAMPLES[reference.language].format(name=name)}",
        ),
        ResolutionKind.MISSING_MODULE: (
            f"{name} comes from {resolution.detail}, but there is no such file below the build root.",
            "Create the file, or correct the import.",
        ),
        ResolutionKind.INVALID_SOURCE: (
            f"Cannot check whether {name} exists: {resolution.detail}.",
            resolution.hint or "Fix the file, or name another one in handler.",
        ),
    }.get(
        resolution.kind,
        (
            f"The handler {reference.handler} needs a function {name}, but {file} does not export it.",
            f"Add {_EXAMPLES[reference.language].format(name=name)}",
        ),
    )
    severity = Severity.WARNING if _may_be_newer(reference, resolution) else Severity.ERROR
    return Problem(message=message, hint=hint, file=file, line=resolution.line, key=_KEY, code=_CODE, severity=severity)


def path_in_plugin(root: str, file: str) -> str:
    """The path of a file below the root, relative to the plugin's folder."""
    return posixpath.normpath(posixpath.join(root, file))


def _may_be_newer(reference: HandlerReference, resolution: Resolution) -> bool:
    """Whether the file may only be too new for the Python that runs the kit."""
    if resolution.kind is not ResolutionKind.INVALID_SOURCE or reference.language != "python":
        return False
    parts = reference.version.split(".")
    return all(part.isdigit() for part in parts) and tuple(map(int, parts)) > sys.version_info[:2]
