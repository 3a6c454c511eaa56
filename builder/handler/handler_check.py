"""Checks that the handler of the manifest is a function that Lambda can call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.handler.handler_messages import missing_file_problem, wrong_export_problem, wrong_root_problem
from builder.handler.name_resolution import HandlerReference, Resolution, ResolutionKind, resolve_name
from builder.handler.source_modules import JavaScriptSourceModules, PythonSourceModules
from builder.platform.runtimes import DETECTS_MODULES_FROM

if TYPE_CHECKING:
    from builder.errors import Problem
    from builder.handler.source_layout import SourceLayout

_USUAL_ROOTS = ("src", ".")
_REJECTS_CALLBACKS_FROM = 24
"""From Node.js 24 on, Lambda's runtime rejects handlers whose ``length`` is 3 or more, also async
ones (``argsNum`` in aws-lambda-ric 4.0.2). Streaming handlers are an exception; they are results of
a call, which is not checked here."""
_CALLBACK_PARAMETERS = 3
_OTHER_LANGUAGE_ENDINGS = {"python": (".js", ".mjs", ".cjs", ".ts"), "nodejs": (".ts", ".mts", ".cts", ".jsx", ".py")}


def check_handler(layout: SourceLayout, handler: str, language: str, *, version: str = "") -> Problem | None:
    """Check that the code has the function that Lambda will call, without running any code.

    Args:
        layout: Where the plugin's own files lie.
        handler: ``file.function`` as in the manifest, already checked for its form.
        language: ``python`` or ``nodejs``.
        version: Of the runtime's language (``3.13``, ``22``). Python code that this Python cannot
            parse is only a warning when the runtime is newer. Node.js 24 detects ES modules by
            their text.

    Returns:
        The problem, or None.
    """
    reference = HandlerReference.parse(handler, language, version)
    resolution = _resolve_handler(layout, reference)
    if resolution is not None and resolution.kind is ResolutionKind.FUNCTION:
        return None
    if resolution is None or resolution.kind in {ResolutionKind.NOT_EXPORTED, ResolutionKind.UNKNOWN}:
        for root in _USUAL_ROOTS:
            other = _resolve_handler(replace(layout, root=root), reference) if _differs(root, layout.root) else None
            if other is not None and other.kind is ResolutionKind.FUNCTION:
                return wrong_root_problem(reference, layout.root, root, other.file)
    if resolution is not None and resolution.kind is ResolutionKind.UNKNOWN:
        return None
    if resolution is None:
        return missing_file_problem(reference, layout.root, _file_in_other_language(layout, reference))
    return wrong_export_problem(reference, layout.root, resolution)


def _resolve_handler(layout: SourceLayout, reference: HandlerReference) -> Resolution | None:
    """What the handler is below one root; None when its file does not exist."""
    if reference.language == "python":
        modules: PythonSourceModules | JavaScriptSourceModules = PythonSourceModules(layout)
    else:
        major = reference.version.split(".")[0]
        detects = major.isdigit() and int(major) >= DETECTS_MODULES_FROM
        modules = JavaScriptSourceModules(layout, detects_es_modules=detects)
    file = modules.find_file(reference.module)
    return _without_callback(resolve_name(file, reference.name, modules), reference) if file else None


def _without_callback(resolution: Resolution, reference: HandlerReference) -> Resolution:
    """The resolution, with a wrong signature for a function with a callback that the runtime rejects."""
    is_function = reference.language == "nodejs" and resolution.kind is ResolutionKind.FUNCTION
    if not is_function or resolution.positional_parameters < _CALLBACK_PARAMETERS:
        return resolution
    major = reference.version.split(".")[0]
    if not major.isdigit() or int(major) < _REJECTS_CALLBACKS_FROM:
        return resolution
    detail = f"has a third parameter for a callback, which Node.js {major} on Lambda rejects"
    return replace(resolution, kind=ResolutionKind.WRONG_SIGNATURE, detail=detail)


def _differs(root: str, build_root: str) -> bool:
    parts = [part for part in build_root.split("/") if part not in {"", "."}]
    return parts != [part for part in root.split("/") if part not in {"", "."}]


def _file_in_other_language(layout: SourceLayout, reference: HandlerReference) -> str:
    """A file of the handler's name in another language, or empty."""
    names = (reference.module + ending for ending in _OTHER_LANGUAGE_ENDINGS[reference.language])
    return next((name for name in names if layout.locate(name).is_file()), "")
