"""Decides whether Node.js on Lambda finds a module that JavaScript code imports."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING

from builder.platform.lambda_modules import NODE_BUILTINS, NODE_RUNTIME_MODULES, NODE_SDK_SCOPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from builder.code.imports import Import

_SDK_V3_FROM = 18
_SUFFIXES = ("", ".js", ".json", ".node", "/index.js", "/index.json", "/index.node", "/package.json")
_ABSOLUTE = ("/", "file:", "data:", "http:", "https:")


class JavaScriptModules:
    """The modules of one artifact.

    Args:
        own: The plugin's own files: path in the artifact -> content.
        paths: Every path of the artifact, packages included.
        version: Of the runtime's Node.js.
    """

    def __init__(self, own: Mapping[str, bytes], paths: Iterable[str], version: str) -> None:
        self._paths = frozenset(paths)
        self._version = int(version)
        self._packages = frozenset(
            name for path in self._paths for name in [_package_of(path.rpartition("node_modules/")[2])] if name
        )
        package_files = [_parse_package_json(content) for path, content in own.items() if path.endswith("package.json")]
        self._own_package_names = {str(each.get("name")) for each in package_files}
        self._has_import_map = any("imports" in each for each in package_files)

    def has(self, module: str, importer: str, *, exact: bool) -> bool:
        """Whether ``importer`` finds the module; ``exact`` as in ``Import``."""
        if module.startswith(_ABSOLUTE) or not module:
            return True
        if module.startswith("#"):
            return self._has_import_map
        if module in {".", ".."} or module.startswith(("./", "../")):
            return bool(self.find_file(module, importer, exact=exact))
        if module.removeprefix("node:").split("/")[0] in NODE_BUILTINS:
            return True
        package = _package_of(module)
        return package in self._packages or package in self._own_package_names or self._is_in_runtime(package)

    def files_loaded_by(self, imported: Import, importer: str) -> tuple[str, ...]:
        """The file of the artifact that a relative import of ``importer`` loads."""
        file = (
            self.find_file(imported.module, importer, exact=imported.exact) if imported.module.startswith(".") else ""
        )
        return (file,) if file else ()

    def name_in_other_case(self, module: str) -> str:
        """The package whose name differs only in upper and lower case, or empty."""
        package = _package_of(module)
        return next((name for name in self._packages if name.lower() == package.lower() and name != package), "")

    def find_file(self, module: str, importer: str, *, exact: bool) -> str:
        """The path in the artifact of a relative module, or empty."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), module.partition("?")[0]))
        stem = "" if path == "." else path
        suffixes = ("",) if exact else _SUFFIXES
        candidates = ((stem + suffix).lstrip("/") for suffix in suffixes)
        return next((candidate for candidate in candidates if candidate in self._paths), "")

    def _is_in_runtime(self, package: str) -> bool:
        if package in NODE_RUNTIME_MODULES:
            return True
        if self._version < _SDK_V3_FROM:
            return package == "aws-sdk"
        return package.split("/", maxsplit=1)[0] in NODE_SDK_SCOPES


def _package_of(module: str) -> str:
    parts = module.split("/")
    return "/".join(parts[:2]) if module.startswith("@") else parts[0]


def _parse_package_json(package_json: bytes) -> dict[str, object]:
    try:
        content = json.loads(package_json)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
