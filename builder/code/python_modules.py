"""Whether a module that Python code imports is there when it runs on Lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.platform.modules import PYTHON_RUNTIME_MODULES, PYTHON_SDK_MODULES, standard_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CHANGES_PATH = (b"sys.path", b"site.addsitedir")
_CHANGES_PACKAGE = (b"__path__", b"sys.modules")


class PythonModules:
    """The modules of one artifact.

    Args:
        own: The plugin's own files: path in the artifact -> content.
        paths: Every path of the artifact, packages included.
        version: Of the runtime's Python.
    """

    def __init__(self, own: Mapping[str, bytes], paths: Iterable[str], version: str) -> None:
        self._own = own
        self._tree: dict[str, set[str]] = {}
        for path in paths:
            folder, _, name = path.rpartition("/")
            self._tree.setdefault(folder, set()).add(name.partition(".")[0] if _is_module(name) else name)
        for folder in list(self._tree):
            while folder:
                parent, _, name = folder.rpartition("/")
                self._tree.setdefault(parent, set()).add(name)
                folder = parent  # noqa: PLW2901 - climbs to the root
        self._given = standard_library(version) | PYTHON_RUNTIME_MODULES | PYTHON_SDK_MODULES
        self._moves_path = any(word in content for content in own.values() for word in _CHANGES_PATH)

    def has(self, module: str, importer: str) -> bool:
        """Whether ``importer`` finds the module; a relative one starts with dots."""
        level = len(module) - len(module.lstrip("."))
        parts = [part for part in module[level:].split(".") if part]
        if not level:
            return self._absolute(parts)
        folders = importer.split("/")[:-1]
        if level - 1 >= len(folders):
            return False
        return self._below([*folders[: len(folders) - level + 1], *parts])

    def spelt_otherwise(self, module: str) -> str:
        """The top-level module of the same letters in other cases, or empty."""
        top = module.lstrip(".").split(".")[0]
        names = (*self._tree.get("", ()), *self._given)
        return next((name for name in names if name.lower() == top.lower() and name != top), "")

    def _absolute(self, parts: list[str]) -> bool:
        top = parts[0] if parts else ""
        if top in self._tree.get("", ()):
            return self._below(parts)
        return top in self._given or (self._moves_path and any(top in names for names in self._tree.values()))

    def _below(self, parts: list[str]) -> bool:
        """Whether the files have each part; what a package makes of itself is not looked into."""
        folder = ""
        for part in parts:
            if part not in self._tree.get(folder, ()):
                return False
            folder = f"{folder}/{part}".lstrip("/")
            inside = self._tree.get(folder)
            if inside is None:
                return True
            marker = self._own.get(f"{folder}/__init__.py")
            is_foreign = marker is None and "__init__" in inside
            if is_foreign or any(word in (marker or b"") for word in _CHANGES_PACKAGE):
                return True
        return True


def _is_module(name: str) -> bool:
    return name.endswith((".py", ".so", ".pyc"))
