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
    """A handler is ``file.function``, the file without its ending, folders before it with ``/``."""
    handler = subject.text("handler", "index.handler")
    if re.fullmatch(_HANDLER, handler) and not handler.endswith(_FILE_ENDINGS):
        return
    yield Finding(path=("handler",), message=_reason(handler), hint='For example handler = "index.handler".')


def _reason(handler: str) -> str:
    if any(character.isspace() for character in handler):
        return "A handler is file.function without spaces or line ends."
    if "." not in handler:
        return "A handler is file.function, and the dot is missing."
    if handler.endswith(_FILE_ENDINGS):
        return "A handler is file.function: the file without its ending, a dot, and the function's name."
    if handler.startswith(("/", ".")) or ".." in handler:
        return "A handler starts at the build root: no leading slash or dot, and no way up with two dots."
    return "A handler is file.function: letters, digits, underscores and hyphens, with / between folders."
