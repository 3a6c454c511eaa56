"""Stack traces in the logs of plugins as a person reads them, with the plugin's own frames marked.

Lambda's Node.js client writes an error as one line of JSON; its Python client replaces spaces and line ends so that an
error stays one record in CloudWatch. Generated plugins write each record as JSON, with the stack trace under ``stack``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TASK_ROOT = "/var/task/"
_PYTHON_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)",? [lL]ine (?P<line>\d+)')
_NODE_FRAME = re.compile(r"\s+at (?:.*\()?(?:file://)?(?P<file>/[^():]+):(?P<line>\d+):\d+\)?")
_FOREIGN = ("node_modules/", "site-packages/")


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """One line of a log.

    Attributes:
        text: The line.
        source: ``FILE:LINE`` of the plugin's own code, if the line is a frame of a stack trace in it; empty otherwise.
    """

    text: str
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginSources:
    """Where the code of a call is.

    Attributes:
        artifact_sha256: The artifact that ran: the name of its folder where functions are not isolated.
        folder: The folder of the plugin's own code; None when it is not known.
        shown: That folder as the reader names it, such as ``src``.
    """

    artifact_sha256: str
    folder: Path | None = None
    shown: str = ""

    def own_file(self, path: str) -> str:
        """Return the name of a file of the plugin's own code; empty for a file of a package or of the runtime."""
        inside = path.partition(f"/{self.artifact_sha256}/")[2] if self.artifact_sha256 else ""
        relative = path.removeprefix(_TASK_ROOT) if path.startswith(_TASK_ROOT) else inside
        if not relative or any(part in relative for part in _FOREIGN):
            return ""
        if self.folder is None:
            return relative
        return f"{self.shown}/{relative}".removeprefix("./") if (self.folder / relative).is_file() else ""


def readable_lines(record: str, sources: PluginSources) -> Iterator[LogLine]:
    """Yield the lines of a record of a log."""
    for line in _expanded(record).replace("\u00a0", " ").split("\n"):
        frame = _PYTHON_FRAME.match(line) or _NODE_FRAME.fullmatch(line)
        own = sources.own_file(frame["file"]) if frame else ""
        if frame and own:
            url = f"file://{frame['file']}"
            text = line.replace(url if url in line else frame["file"], own)
            yield LogLine(text=text, source=f"{own}:{frame['line']}")
        else:
            yield LogLine(text=line)


def _expanded(record: str) -> str:
    """Return a record with the error that it has in JSON as lines."""
    before, _, text = record.rpartition("\t")
    if not text.startswith("{"):
        return record
    try:
        error = json.loads(text)
    except ValueError:
        return record
    if not isinstance(error, dict):
        return record
    stack = error.get("stack")
    if "message" in error and isinstance(stack, str):
        return "\n".join([json.dumps({**error, "stack": "below"}, ensure_ascii=False), stack])
    lines = list(_error_lines(error))
    return "\n".join([before.rstrip(), *lines]) if lines else record


def _error_lines(error: dict[str, object]) -> Iterator[str]:
    stack, reason = error.get("stack", error.get("trace")), error.get("reason")
    if not isinstance(stack, list) or not stack:
        return
    if isinstance(reason, dict) and "stack" in reason:
        # Of a rejected promise, only the reason says where: the rest is Node.js itself.
        yield str(stack[0])
        yield from _error_lines(reason)
    else:
        yield from map(str, stack)
