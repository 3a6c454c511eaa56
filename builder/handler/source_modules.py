"""The plugin's own files as modules: the only place of this package that reads files."""

from __future__ import annotations

import posixpath
import sys
from typing import TYPE_CHECKING

from builder.handler.exports import Exports
from builder.handler.python_exports import python_exports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.handler.javascript_exports import JavaScriptExports
    from builder.handler.source_layout import SourceLayout

SOURCE_MAX = {"python": 524_288, "nodejs": 8_388_608}
"""Bytes of a source file that are read. People do not write more; bundlers of JavaScript do."""

_NOT_COMMONJS = Exports(
    broken_line=1,
    broken_reason="it is written as an ES module, and Node.js would take it for CommonJS",
    broken_hint='Write "type": "module" into package.json, or let the file end in .mjs.',
)
_NOT_A_MODULE = Exports(
    broken_line=1,
    broken_reason="it is written as CommonJS, and Node.js would take it for an ES module",
    broken_hint='Let the file end in .cjs, or take "type": "module" out of package.json.',
)


class PythonSourceModules:
    """Python modules below a build root.

    Args:
        places: Where they lie.
    """

    def __init__(self, places: SourceLayout) -> None:
        self._places = places

    def exports_of(self, file: str) -> Exports:
        """What a module offers."""
        source = read_source(self._places.at(file), SOURCE_MAX["python"])
        return source if isinstance(source, Exports) else python_exports(source)

    def locate(self, module: str, *, importer: str) -> str | None:
        """The file of a module: ``plugin.flow`` or, from a package, ``.flow``."""
        level = len(module) - len(module.lstrip("."))
        parts = importer.split("/")[:-1]
        base = parts[: len(parts) - level + 1] if level else []
        path = [*base, *filter(None, module[level:].split("."))]
        if level - 1 > len(parts):
            return ""
        if not level and not self._is_own(path[0]):
            return None
        return self._module(path) or self._namespace(path)

    def find(self, path: str) -> str:
        """The file of a module by its path without ending (``src/app``), or empty."""
        return self._module(path.split("/"))

    def _module(self, path: list[str]) -> str:
        stem = "/".join(path)
        candidates = (f"{stem}/__init__.py".lstrip("/"), f"{stem}.py") if stem else ("__init__.py",)
        return next((candidate for candidate in candidates if self._places.at(candidate).is_file()), "")

    def _namespace(self, path: list[str]) -> str | None:
        """A folder without ``__init__.py`` is a package too; what can be had from it is not looked into."""
        return None if self._places.at("/".join(path)).is_dir() else ""

    def _is_own(self, top: str) -> bool:
        if top in sys.stdlib_module_names:
            return False
        return self._places.at(f"{top}.py").is_file() or self._places.at(top).is_dir()


class JavaScriptSourceModules:
    """JavaScript files below a build root.

    Args:
        places: Where they lie; the nearest package.json from a file up to the plugin's folder says what ``.js`` means.
        detects_modules: Whether the runtime tells an ES module by its text (Node.js 24; Lambda switches it off before).
    """

    def __init__(self, places: SourceLayout, *, detects_modules: bool) -> None:
        self._places = places
        self._detects_modules = detects_modules

    def exports_of(self, file: str) -> Exports:
        """What a file offers as the kind of module that Node.js takes it for."""
        found = self.read(file)
        if isinstance(found, Exports):
            return found
        if self.is_module(file, found):
            is_misread = not found.has_es_syntax and bool(found.as_commonjs.names)
            return _NOT_A_MODULE if is_misread else found.as_module
        return _NOT_COMMONJS if found.has_es_syntax else found.as_commonjs

    def read(self, file: str) -> JavaScriptExports | Exports:
        """Both readings of a file, or the reason why there is none."""
        from builder.handler.javascript_exports import javascript_exports

        source = read_source(self._places.at(file), SOURCE_MAX["nodejs"])
        return source if isinstance(source, Exports) else javascript_exports(source)

    def is_module(self, file: str, found: JavaScriptExports) -> bool:
        """Whether Node.js takes the file for an ES module."""
        if file.endswith((".mjs", ".cjs")):
            return file.endswith(".mjs")
        declared = self._declared_type(file)
        return declared == "module" or (not declared and self._detects_modules and found.has_es_syntax)

    def locate(self, module: str, *, importer: str) -> str | None:
        """The file that ``./flow.js`` means beside the importer; packages are not the plugin's own."""
        if not module.startswith("."):
            return None
        path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), module))
        if path == ".." or path.startswith("../"):
            return ""
        endings = ("", ".js", ".cjs", "/index.js", ".json", ".mjs")
        return next((path + ending for ending in endings if self._places.at(path + ending).is_file()), "")

    def find(self, path: str) -> str:
        """The file of a module by its path without ending, in the order in which Lambda's runtime looks, or empty."""
        candidates = (path + ending for ending in (".js", ".mjs", ".cjs"))
        return next((candidate for candidate in candidates if self._places.at(candidate).is_file()), "")

    def _declared_type(self, file: str) -> str:
        return next((_package_type(package) for package in self._packages(file) if package.is_file()), "")

    def _packages(self, file: str) -> Iterator[Path]:
        """Where a package.json may lie, from the file up: inside the artifact, then above the build root."""
        inside = file
        while inside:
            inside = posixpath.dirname(inside)
            yield self._places.at(posixpath.join(inside, "package.json"))
        folder = self._places.at("")
        while folder not in {self._places.folder, folder.parent}:
            folder = folder.parent
            yield folder / "package.json"


def read_source(file: Path, limit: int) -> bytes | Exports:
    """The content of a source file, or exports that say why it cannot be read."""
    try:
        with file.open("rb") as stream:
            source = stream.read(limit + 1)
    except OSError as error:
        return Exports(broken_line=1, broken_reason=f"it cannot be read ({error.strerror})")
    if len(source) > limit:
        return Exports(broken_line=1, broken_reason=f"it is larger than {limit // 1024} KiB")
    return source


def _package_type(file: Path) -> str:
    """``module`` or ``commonjs`` as package.json says, or empty; a broken one counts as silent, as for Lambda."""
    import json

    source = read_source(file, SOURCE_MAX["python"])
    try:
        content = json.loads(source) if isinstance(source, bytes) else {}
    except (ValueError, RecursionError):
        return ""
    declared = content.get("type") if isinstance(content, dict) else ""
    return declared if isinstance(declared, str) else ""
