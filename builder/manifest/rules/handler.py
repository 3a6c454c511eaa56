from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.platform.runtimes import UNBUILT_RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.manifest.rules.subject import Subject

_HANDLER = r"(?:[A-Za-z0-9_-]+[/.])*[A-Za-z0-9_-]+\.[A-Za-z_$][A-Za-z0-9_$]*"
_FILE_ENDINGS = (".py", ".js", ".mjs", ".cjs", ".ts")


_CLASS = r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*"
_FORMS: Mapping[str, tuple[str, str, str]] = {
    "java": (rf"{_CLASS}(?:::[A-Za-z_$][\w$]*)?", "PACKAGE.CLASS or PACKAGE.CLASS::METHOD", "com.example.Handler"),
    "dotnet": (
        rf"[\w.-]+(?:::{_CLASS}(?:\+[\w$]+)?::[A-Za-z_]\w*)?",
        "ASSEMBLY or ASSEMBLY::NAMESPACE.CLASS::METHOD",
        "Plugin::Plugin.Function::Handle",
    ),
    "ruby": (r"(?:[\w-]+/)*[\w-]+\.(?:\w+(?:::\w+)*\.)?\w+[?!]?", "FILE.METHOD or FILE.CLASS.METHOD", "index.handler"),
    "provided": (r"[\w./:-]+", "a name that your program knows", "bootstrap"),
}
"""The form of a handler in other languages, as a pattern, in words, and as an example."""


def check(subject: Subject) -> Iterator[Finding]:
    """A handler is ``file.function``: the file without its ending, after its folders with ``/``."""
    handler = subject.text("handler", "index.handler")
    runtime = UNBUILT_RUNTIMES.get(subject.text("runtime"))
    if runtime is not None and subject.prebuilt:
        pattern, words, example = _FORMS[runtime.language]
        if not re.fullmatch(pattern, handler, re.ASCII):
            message = f"The handler for {runtime.name} must be {words}."
            yield Finding(path=("handler",), message=message, hint=f'For example handler = "{example}".')
        return
    if re.fullmatch(_HANDLER, handler) and not handler.endswith(_FILE_ENDINGS):
        return
    yield Finding(path=("handler",), message=_problem(handler), hint='For example handler = "index.handler".')


def _problem(handler: str) -> str:
    if any(character.isspace() for character in handler):
        return "The handler must be FILE.FUNCTION, without spaces or line breaks."
    if "." not in handler:
        return "The handler must be FILE.FUNCTION; the dot is missing."
    if handler.endswith(_FILE_ENDINGS):
        return "The handler must be FILE.FUNCTION, with the file's name without its ending."
    if handler.startswith(("/", ".")) or ".." in handler:
        return "The handler must be relative to the build root: no slash or dot at the start, and no '..'."
    return "The handler must be FILE.FUNCTION, of letters, digits, underscores and hyphens, with / between folders."
