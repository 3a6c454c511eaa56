"""Decides whether Python on Lambda finds a module that Python code imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.platform.lambda_modules import PYTHON_RUNTIME_MODULES, PYTHON_SDK_MODULES, standard_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.code.imports import Import

_CHANGES_PATH = (b"sys.path", b"site.addsitedir")
_CHANGES_PACKAGE = (b"__path__", b"sys.modules")
_PROVIDES_DISTUTILS = (b"setuptools", b"_distutils_hack")
"""setuptools provides its copy of ``distutils`` as soon as it is imported. Lambda does not read its
.pth file."""


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
        for folder in {parent for child in self._tree for parent in _with_parents(child)}:
            parent, _, name = folder.rpartition("/")
            self._tree.setdefault(parent, set()).add(name)
        self._runtime_modules = standard_library(version) | PYTHON_RUNTIME_MODULES | PYTHON_SDK_MODULES
        if "_distutils" in self._tree.get("setuptools", ()) and _mentions(own, _PROVIDES_DISTUTILS):
            self._runtime_modules |= {"distutils"}
        self._changes_sys_path = _mentions(own, _CHANGES_PATH)

    def has(self, module: str, importer: str) -> bool:
        """Whether ``importer`` finds the module; a relative name starts with dots."""
        parts = _parts(module, importer)
        if parts is None:
            return False
        return self._has_parts(parts) if module.startswith(".") else self._has_absolute(parts)

    def is_own(self, module: str) -> bool:
        """Whether a module can only be one of the plugin's own. Packages may add to a folder without ``__init__``."""
        top = module.partition(".")[0]
        return not top or f"{top}.py" in self._own or f"{top}/__init__.py" in self._own

    def files_loaded_by(self, imported: Import, importer: str) -> tuple[str, ...]:
        """The plugin's own files that an import loads, including ``__init__.py`` of its parent packages."""
        parts = _parts(imported.module, importer)
        if parts is None:
            return ()
        modules = [*_with_parents("/".join(parts)), *("/".join([*parts, name]) for name in imported.names)]
        prefixes = [""]
        if self._changes_sys_path and parts and not imported.module.startswith("."):
            prefixes = [f"{folder}/" if folder else "" for folder, names in self._tree.items() if parts[0] in names]
        files = [f"{prefix}{module}" for prefix in prefixes for module in modules]
        return tuple(path for file in files for path in (f"{file}.py", f"{file}/__init__.py") if path in self._own)

    def name_in_other_case(self, module: str) -> str:
        """The top-level module whose name differs only in upper and lower case, or empty."""
        top = module.lstrip(".").split(".")[0]
        names = (*self._tree.get("", ()), *self._runtime_modules)
        return next((name for name in names if name.lower() == top.lower() and name != top), "")

    def _has_absolute(self, parts: list[str]) -> bool:
        top = parts[0] if parts else ""
        if top in self._tree.get("", ()):
            return self._has_parts(parts)
        if top in self._runtime_modules:
            return True
        return self._changes_sys_path and any(top in names for names in self._tree.values())

    def _has_parts(self, parts: list[str]) -> bool:
        """Whether there is a file or folder for each part; inside other packages, only the first part is checked."""
        folder = ""
        for part in parts:
            if part not in self._tree.get(folder, ()):
                return False
            folder = f"{folder}/{part}".lstrip("/")
            children = self._tree.get(folder)
            if children is None:
                return True
            own_init = self._own.get(f"{folder}/__init__.py")
            is_foreign = own_init is None and "__init__" in children
            if is_foreign or any(word in (own_init or b"") for word in _CHANGES_PACKAGE):
                return True
        return True


def _parts(module: str, importer: str) -> list[str] | None:
    """The parts of a module's full name; None when it is above the topmost package."""
    level = len(module) - len(module.lstrip("."))
    parts = [part for part in module[level:].split(".") if part]
    if not level:
        return parts
    folders = importer.split("/")[:-1]
    return [*folders[: len(folders) - level + 1], *parts] if level <= len(folders) else None


def _with_parents(folder: str) -> Iterator[str]:
    """A folder and all folders above it, without the root."""
    parts = folder.split("/") if folder else []
    return ("/".join(parts[:count]) for count in range(1, len(parts) + 1))


def _mentions(own: Mapping[str, bytes], words: tuple[bytes, ...]) -> bool:
    return any(word in content for content in own.values() for word in words)


def _is_module(name: str) -> bool:
    return name.endswith((".py", ".so", ".pyc"))
