"""Whether a module that Python code imports is there when it runs on Lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.platform.lambda_modules import PYTHON_RUNTIME_MODULES, PYTHON_SDK_MODULES, standard_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.code.imports import Import

_CHANGES_PATH = (b"sys.path", b"site.addsitedir")
_CHANGES_PACKAGE = (b"__path__", b"sys.modules")
_BRINGS_DISTUTILS = (b"setuptools", b"_distutils_hack")
"""setuptools provides its copy of ``distutils`` as soon as it is imported. Lambda does not read its .pth file."""


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
        for folder in {above for below in self._tree for above in _and_above(below)}:
            parent, _, name = folder.rpartition("/")
            self._tree.setdefault(parent, set()).add(name)
        self._given = standard_library(version) | PYTHON_RUNTIME_MODULES | PYTHON_SDK_MODULES
        if "_distutils" in self._tree.get("setuptools", ()) and _mention(own, _BRINGS_DISTUTILS):
            self._given |= {"distutils"}
        self._moves_path = _mention(own, _CHANGES_PATH)

    def has(self, module: str, importer: str) -> bool:
        """Whether ``importer`` finds the module; a relative one starts with dots."""
        parts = _parts(module, importer)
        if parts is None:
            return False
        return self._below(parts) if module.startswith(".") else self._absolute(parts)

    def is_own(self, module: str) -> bool:
        """Whether a module can only be one of the plugin's own; a folder without ``__init__`` may have more parts."""
        top = module.partition(".")[0]
        return not top or f"{top}.py" in self._own or f"{top}/__init__.py" in self._own

    def files_loaded_by(self, found: Import, importer: str) -> tuple[str, ...]:
        """The plugin's own files that an import loads, ``__init__.py`` of the packages above included."""
        parts = _parts(found.module, importer)
        if parts is None:
            return ()
        modules = [*_and_above("/".join(parts)), *("/".join([*parts, name]) for name in found.names)]
        starts = [""]
        if self._moves_path and parts and not found.module.startswith("."):
            starts = [f"{folder}/" if folder else "" for folder, names in self._tree.items() if parts[0] in names]
        files = [f"{start}{module}" for start in starts for module in modules]
        return tuple(path for file in files for path in (f"{file}.py", f"{file}/__init__.py") if path in self._own)

    def name_in_other_case(self, module: str) -> str:
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


def _parts(module: str, importer: str) -> list[str] | None:
    """A module's full name; None when it is above the topmost package."""
    level = len(module) - len(module.lstrip("."))
    parts = [part for part in module[level:].split(".") if part]
    if not level:
        return parts
    folders = importer.split("/")[:-1]
    return [*folders[: len(folders) - level + 1], *parts] if level <= len(folders) else None


def _and_above(folder: str) -> Iterator[str]:
    """A folder and all folders that it is in, without the root."""
    parts = folder.split("/") if folder else []
    return ("/".join(parts[:count]) for count in range(1, len(parts) + 1))


def _mention(own: Mapping[str, bytes], words: tuple[bytes, ...]) -> bool:
    return any(word in content for content in own.values() for word in words)


def _is_module(name: str) -> bool:
    return name.endswith((".py", ".so", ".pyc"))
