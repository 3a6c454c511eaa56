"""What the handler's check says."""

from __future__ import annotations

import posixpath
import sys
from typing import TYPE_CHECKING

from builder.errors import Problem, Severity
from builder.handler.name_resolution import ResolutionKind

if TYPE_CHECKING:
    from builder.handler.name_resolution import HandlerReference, Resolution

_MANIFEST = "plugin.toml"
_KEY = "plugin.handler"
_ENDINGS = {"python": (".py",), "nodejs": (".js", ".mjs", ".cjs")}
_EXAMPLES = {
    "python": "def {name}(event, context): …",
    "nodejs": "export async function {name}(event, context) {{ … }}",
}
_SIGNATURES = {
    "python": "Write def {name}(event, context).",
    "nodejs": "Make it async and return the response (or throw the error) in place of calling the callback.",
}


def missing_file_problem(request: HandlerReference, root: str, foreign: str) -> Problem:
    """There is no file of the handler's name."""
    stem = path_in_plugin(root, request.module)
    places = " or ".join(stem + ending for ending in _ENDINGS[request.language])
    message = f"The handler {request.handler} means the function {request.name} in {places}, and there is no such file."
    hint = f"Create it, or name another file in handler; [build] root is {root}."
    if foreign:
        next_step = (
            "compile it to JavaScript first, and let [build] root name the folder of the result."
            if foreign.endswith(("ts", "jsx"))
            else "does runtime name the language of this plugin?"
        )
        hint = f"There is {path_in_plugin(root, foreign)}; {next_step}"
    return Problem(message=message, hint=hint, file=_MANIFEST, key=_KEY)


def other_root_problem(request: HandlerReference, root: str, other: str, file: str) -> Problem:
    """The handler is not below the build root, but below the other usual one."""
    expected = path_in_plugin(root, request.module) + _ENDINGS[request.language][0]
    found = path_in_plugin(other, file)
    message = f"The function {request.name} should be in {expected} and is in {found}: the build root is another one."
    return Problem(message=message, hint=f'Write root = "{other}" into [build].', file=_MANIFEST, key=_KEY)


def wrong_export_problem(request: HandlerReference, root: str, outcome: Resolution) -> Problem:
    """There is a file, and it does not offer the function."""
    file, name = path_in_plugin(root, outcome.file), request.name
    message, hint = {
        ResolutionKind.COROUTINE: (
            f"{name} is an async def; Lambda's Python runtime does not await it, so every call would fail.",
            f"Write def {name}(event, context) and call asyncio.run() inside it.",
        ),
        ResolutionKind.SIGNATURE: (
            f"Lambda calls {name}(event, context), and {name} {outcome.detail}.",
            _SIGNATURES[request.language].format(name=name),
        ),
        ResolutionKind.VALUE: (
            f"{name} is not a function, so Lambda cannot call it.",
            f"Make it a function: {_EXAMPLES[request.language].format(name=name)}",
        ),
        ResolutionKind.NO_MODULE: (
            f"{name} comes from {outcome.detail}, and there is no such file below the build root.",
            "Create the file, or correct the import.",
        ),
        ResolutionKind.BROKEN: (
            f"Whether {name} is there cannot be told: {outcome.detail}.",
            outcome.hint or "Mend the file, or name another one in handler.",
        ),
    }.get(
        outcome.answer,
        (
            f"The handler {request.handler} means the function {name}, and {file} does not offer it.",
            f"Add {_EXAMPLES[request.language].format(name=name)}",
        ),
    )
    severity = Severity.WARNING if _may_be_newer(request, outcome) else Severity.ERROR
    return Problem(message=message, hint=hint, file=file, line=outcome.line, key=_KEY, severity=severity)


def path_in_plugin(root: str, file: str) -> str:
    """A file below the root as the user knows it: relative to the plugin's folder."""
    return posixpath.normpath(posixpath.join(root, file))


def _may_be_newer(request: HandlerReference, outcome: Resolution) -> bool:
    """Whether the file is perhaps only too new for the Python that runs the kit."""
    if outcome.answer is not ResolutionKind.BROKEN or request.language != "python":
        return False
    parts = request.version.split(".")
    return all(part.isdigit() for part in parts) and tuple(map(int, parts)) > sys.version_info[:2]
