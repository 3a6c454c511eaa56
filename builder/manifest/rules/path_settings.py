from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.manifest.rules.subject import text_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Paths are relative with ``/`` between their parts; the build root stays inside the plugin's folder."""
    root = subject.text("root", "src")
    if reason := path_problem(root) or _upward(root):
        yield Finding(path=("root",), message=reason, hint='For example root = "src", or root = ".".')
    requirements = subject.text("requirements", "requirements.txt")
    if reason := path_problem(requirements):
        yield Finding(path=("requirements",), message=reason, hint='For example requirements = "requirements.txt".')
    for key in ("include", "exclude"):
        for index, pattern in text_items(subject.table, key):
            if "\\" in pattern or not pattern.strip():
                message = "A pattern is not blank and has / between its parts, also on Windows."
                yield Finding(path=(key, index), message=message, hint=f'For example {key} = ["data/*.json"].')
    for index, script in text_items(subject.table, "scripts"):
        if "/" in script or "\\" in script or script in {".", ".."}:
            message = "A script is named without folders."
            yield Finding(path=("scripts", index), message=message, hint='For example scripts = ["ruff"].')


def path_problem(path: str) -> str:
    """Why a text is not a path as plugin.toml has them, or empty."""
    if "\\" in path or path[1:2] == ":":
        return "A path has / between its parts and no drive, also on Windows."
    if path.startswith(("/", "~")):
        return "A path is relative to the folder of plugin.toml."
    if path != path.strip():
        return "The path begins or ends with a space."
    return ""


def _upward(path: str) -> str:
    return "The build root must lie inside the folder of plugin.toml." if ".." in path.split("/") else ""
