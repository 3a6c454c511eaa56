from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.manifest.rules.subject import text_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Paths are relative and use ``/``; the build root is inside the plugin's folder."""
    root = subject.text("root", "src")
    if message := path_problem(root) or _build_root_problem(root):
        yield Finding(path=("root",), message=message, hint='For example root = "src", or root = ".".')
    requirements = subject.text("requirements", "requirements.txt")
    if message := path_problem(requirements):
        yield Finding(path=("requirements",), message=message, hint='For example requirements = "requirements.txt".')
    for key in ("include", "exclude"):
        for index, pattern in text_items(subject.table, key):
            if "\\" in pattern or not pattern.strip():
                message = "The pattern must not be blank, and must use / between folders, also on Windows."
                yield Finding(path=(key, index), message=message, hint=f'For example {key} = ["data/*.json"].')
    for index, script in text_items(subject.table, "scripts"):
        if "/" in script or "\\" in script or script in {".", ".."}:
            message = "The script must be a name without folders."
            yield Finding(path=("scripts", index), message=message, hint='For example scripts = ["ruff"].')


def path_problem(path: str) -> str:
    """Why a text is not a path that plugin.toml allows; empty if it is."""
    if "\\" in path or path[1:2] == ":":
        return "The path must use / between folders and have no drive letter, also on Windows."
    if path.startswith(("/", "~")):
        return "The path must be relative to the folder of plugin.toml."
    if path != path.strip():
        return "The path must not start or end with a space."
    return ""


def _build_root_problem(path: str) -> str:
    return "The build root must be inside the folder of plugin.toml." if ".." in path.split("/") else ""
