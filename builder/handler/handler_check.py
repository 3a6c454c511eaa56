"""Where the handler should be and what is there instead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from builder.handler.handler_messages import missing_file_problem, other_root_problem, wrong_export_problem
from builder.handler.name_resolution import HandlerReference, Resolution, ResolutionKind, resolve
from builder.handler.source_modules import JavaScriptSourceModules, PythonSourceModules

if TYPE_CHECKING:
    from builder.errors import Problem
    from builder.handler.source_layout import SourceLayout

_USUAL_ROOTS = ("src", ".")
# Lambda switches off in Node.js 20 and 22 what tells ES modules by their text (AWS guide to Node.js functions).
_DETECTS_MODULES_FROM = 24
_CALLS_NO_CALLBACKS_FROM = 24
"""From Node.js 24 on Lambda's runtime refuses handlers whose ``length`` is 3 or more, async ones too (``argsNum`` in
aws-lambda-ric 4.0.2; streaming handlers aside, which are results of a call and so never judged here)."""
_CALLBACK_PARAMETERS = 3
_FOREIGN_ENDINGS = {"python": (".js", ".mjs", ".cjs", ".ts"), "nodejs": (".ts", ".mts", ".cts", ".jsx", ".py")}


def check_handler(places: SourceLayout, handler: str, language: str, *, version: str = "") -> Problem | None:
    """Find out, without running any of it, whether the code has the function that Lambda will call.

    Args:
        places: Where the plugin's own files lie.
        handler: ``file.function`` as in the manifest, whose grammar was checked.
        language: ``python`` or ``nodejs``.
        version: Of the runtime's language (``3.13``, ``22``). Python code that this Python cannot read is only a
            warning when the runtime is newer, and Node.js 24 tells ES modules by their text.

    Returns:
        What is wrong, or None.
    """
    request = HandlerReference.of(handler, language, version)
    outcome = _look(places, request)
    if outcome is not None and outcome.answer is ResolutionKind.FUNCTION:
        return None
    if outcome is None or outcome.answer in {ResolutionKind.NOT_OFFERED, ResolutionKind.UNKNOWN}:
        for root in _USUAL_ROOTS:
            other = _look(replace(places, root=root), request) if _differs(root, places.root) else None
            if other is not None and other.answer is ResolutionKind.FUNCTION:
                return other_root_problem(request, places.root, root, other.file)
    if outcome is not None and outcome.answer is ResolutionKind.UNKNOWN:
        return None
    if outcome is None:
        return missing_file_problem(request, places.root, _foreign_file(places, request))
    return wrong_export_problem(request, places.root, outcome)


def _look(places: SourceLayout, request: HandlerReference) -> Resolution | None:
    """What the handler is below one root; None when there is no such file."""
    if request.language == "python":
        library: PythonSourceModules | JavaScriptSourceModules = PythonSourceModules(places)
    else:
        major = request.version.split(".")[0]
        detects = major.isdigit() and int(major) >= _DETECTS_MODULES_FROM
        library = JavaScriptSourceModules(places, detects_modules=detects)
    file = library.find(request.module)
    return _without_callback(resolve(file, request.name, library), request) if file else None


def _without_callback(outcome: Resolution, request: HandlerReference) -> Resolution:
    """The outcome, where a function that wants a callback is none that the runtime calls."""
    is_function = request.language == "nodejs" and outcome.answer is ResolutionKind.FUNCTION
    if not is_function or outcome.positional < _CALLBACK_PARAMETERS:
        return outcome
    major = request.version.split(".")[0]
    if not major.isdigit() or int(major) < _CALLS_NO_CALLBACKS_FROM:
        return outcome
    detail = f"has a third parameter for a callback, which Node.js {major} on Lambda refuses"
    return replace(outcome, answer=ResolutionKind.SIGNATURE, detail=detail)


def _differs(root: str, build_root: str) -> bool:
    parts = [part for part in build_root.split("/") if part not in {"", "."}]
    return parts != [part for part in root.split("/") if part not in {"", "."}]


def _foreign_file(places: SourceLayout, request: HandlerReference) -> str:
    """A file of the handler's name in another language, or empty."""
    names = (request.module + ending for ending in _FOREIGN_ENDINGS[request.language])
    return next((name for name in names if places.at(name).is_file()), "")
