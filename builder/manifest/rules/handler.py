from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

_HANDLER = r"(?:[A-Za-z0-9_-]+[/.])*[A-Za-z0-9_-]+\.[A-Za-z_$][A-Za-z0-9_$]*"
_FILE_ENDINGS = (".py", ".js", ".mjs", ".cjs", ".ts")


def check(subject: Subject) -> Iterator[Finding]:
    """A handler is ``file.function``: the file without its ending, after its folders with ``/``."""
    handler = subject.text("handler", "index.handler")
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
