"""The plugin's own files as modules. No other module of this folder reads files."""

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

MAX_SOURCE_BYTES = {"python": 524_288, "nodejs": 8_388_608}
"""The largest source file that is read, in bytes. People do not write larger files; JavaScript
bundlers do."""

_MODULE_READ_AS_COMMONJS = Exports(
    error_line=1,
    error_message="it is written as an ES module, but Node.js would load it as CommonJS",
    error_hint='Write "type": "module" into package.json, or rename the file to .mjs.',
)
_COMMONJS_READ_AS_MODULE = Exports(
    error_line=1,
    error_message="it is written as CommonJS, but Node.js would load it as an ES module",
    error_hint='Rename the file to .cjs, or remove "type": "module" from package.json.',
)


class PythonSourceModules:
    """Python modules below a build root.

    Args:
        layout: Where they lie.
    """

    def __init__(self, layout: SourceLayout) -> None:
        self._layout = layout

    def exports_of(self, file: str) -> Exports:
        """What a module exports."""
        source = read_source(self._layout.locate(file), MAX_SOURCE_BYTES["python"])
        return source if isinstance(source, Exports) else python_exports(source)

    def locate_import(self, module: str, *, importer: str) -> str | None:
        """The file of a module: ``plugin.flow`` or, from a package, ``.flow``."""
        level = len(module) - len(module.lstrip("."))
        parts = importer.split("/")[:-1]
        base = parts[: len(parts) - level + 1] if level else []
        path = [*base, *filter(None, module[level:].split("."))]
        if level - 1 > len(parts):
            return ""
        if not level and not self._is_own(path[0]):
            return None
        return self._module_file(path) or self._namespace(path)

    def find_file(self, path: str) -> str:
        """The file of a module by its path without file extension (``src/app``), or empty."""
        return self._module_file(path.split("/"))

    def _module_file(self, path: list[str]) -> str:
        stem = "/".join(path)
        candidates = (f"{stem}/__init__.py".lstrip("/"), f"{stem}.py") if stem else ("__init__.py",)
        return next((candidate for candidate in candidates if self._layout.locate(candidate).is_file()), "")

    def _namespace(self, path: list[str]) -> str | None:
        """A folder without ``__init__.py`` is a namespace package, whose content is not checked: None. Else empty."""
        return None if self._layout.locate("/".join(path)).is_dir() else ""

    def _is_own(self, top: str) -> bool:
        if top in sys.stdlib_module_names:
            return False
        return self._layout.locate(f"{top}.py").is_file() or self._layout.locate(top).is_dir()


class JavaScriptSourceModules:
    """JavaScript files below a build root.

    Args:
        layout: Where they lie. The nearest package.json from a file up to the plugin's folder
            decides what ``.js`` is.
        detects_modules: Whether the runtime detects an ES module by its text (Node.js 24; Lambda
            switches it off before).
    """

    def __init__(self, layout: SourceLayout, *, detects_es_modules: bool) -> None:
        self._layout = layout
        self._detects_es_modules = detects_es_modules

    def exports_of(self, file: str) -> Exports:
        """What a file exports, read as the type of module that Node.js loads it as."""
        exports = self.read(file)
        if isinstance(exports, Exports):
            return exports
        if self.is_es_module(file, exports):
            is_misread = not exports.has_es_syntax and bool(exports.as_commonjs.names)
            return _COMMONJS_READ_AS_MODULE if is_misread else exports.as_module
        return _MODULE_READ_AS_COMMONJS if exports.has_es_syntax else exports.as_commonjs

    def read(self, file: str) -> JavaScriptExports | Exports:
        """The exports of a file as both types of module, or exports with the reason why it cannot be read."""
        from builder.handler.javascript_exports import javascript_exports

        source = read_source(self._layout.locate(file), MAX_SOURCE_BYTES["nodejs"])
        return source if isinstance(source, Exports) else javascript_exports(source)

    def is_es_module(self, file: str, exports: JavaScriptExports) -> bool:
        """Whether Node.js loads the file as an ES module."""
        if file.endswith((".mjs", ".cjs")):
            return file.endswith(".mjs")
        declared = self._declared_type(file)
        return declared == "module" or (not declared and self._detects_es_modules and exports.has_es_syntax)

    def locate_import(self, module: str, *, importer: str) -> str | None:
        """The file that a path such as ``./flow.js`` means for the importer; None for packages."""
        if not module.startswith("."):
            return None
        path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), module))
        if path == ".." or path.startswith("../"):
            return ""
        endings = ("", ".js", ".cjs", "/index.js", ".json", ".mjs")
        return next((path + ending for ending in endings if self._layout.locate(path + ending).is_file()), "")

    def find_file(self, path: str) -> str:
        """The file of a module by its path without file extension, in the order of Lambda's runtime, or empty."""
        candidates = (path + ending for ending in (".js", ".mjs", ".cjs"))
        return next((candidate for candidate in candidates if self._layout.locate(candidate).is_file()), "")

    def _declared_type(self, file: str) -> str:
        return next((_package_type(package) for package in self._package_files(file) if package.is_file()), "")

    def _package_files(self, file: str) -> Iterator[Path]:
        """Every possible package.json, from the file upwards: inside the artifact, then above the build root."""
        inside = file
        while inside:
            inside = posixpath.dirname(inside)
            yield self._layout.locate(posixpath.join(inside, "package.json"))
        folder = self._layout.locate("")
        while folder not in {self._layout.folder, folder.parent}:
            folder = folder.parent
            yield folder / "package.json"


def read_source(file: Path, limit: int) -> bytes | Exports:
    """The content of a source file, or exports with the reason why it cannot be read."""
    try:
        with file.open("rb") as stream:
            source = stream.read(limit + 1)
    except OSError as error:
        return Exports(error_line=1, error_message=f"it cannot be read ({error.strerror})")
    if len(source) > limit:
        return Exports(error_line=1, error_message=f"it is larger than {limit // 1024} KiB")
    return source


def _package_type(file: Path) -> str:
    """``module`` or ``commonjs`` as package.json says, or empty; an invalid file counts as empty, as for Lambda."""
    import json

    source = read_source(file, MAX_SOURCE_BYTES["python"])
    try:
        content = json.loads(source) if isinstance(source, bytes) else {}
    except (ValueError, RecursionError):
        return ""
    declared = content.get("type") if isinstance(content, dict) else ""
    return declared if isinstance(declared, str) else ""
