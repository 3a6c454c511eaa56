"""Whether a module that JavaScript code imports is there when it runs on Lambda."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING

from builder.platform.lambda_modules import NODE_BUILTINS, NODE_RUNTIME_MODULES, NODE_SDK_SCOPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from builder.code.imports import Import

_SDK_V3_FROM = 18
_ENDINGS = ("", ".js", ".json", ".node", "/index.js", "/index.json", "/index.node", "/package.json")
_ELSEWHERE = ("/", "file:", "data:", "http:", "https:")


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
        described = [_described(content) for path, content in own.items() if path.endswith("package.json")]
        self._names = {str(one.get("name")) for one in described}
        self._maps = any("imports" in one for one in described)

    def has(self, module: str, importer: str, *, exact: bool) -> bool:
        """Whether ``importer`` finds the module; ``exact`` as in ``Import``."""
        if module.startswith(_ELSEWHERE) or not module:
            return True
        if module.startswith("#"):
            return self._maps
        if module in {".", ".."} or module.startswith(("./", "../")):
            return bool(self.file(module, importer, exact=exact))
        if module.removeprefix("node:").split("/")[0] in NODE_BUILTINS:
            return True
        package = _package_of(module)
        return package in self._packages or package in self._names or self._is_given(package)

    def files_loaded_by(self, found: Import, importer: str) -> tuple[str, ...]:
        """The file of the artifact that an import of ``importer`` loads, where the path is written out."""
        file = self.file(found.module, importer, exact=found.exact) if found.module.startswith(".") else ""
        return (file,) if file else ()

    def name_in_other_case(self, module: str) -> str:
        """The package of the same letters in other cases, or empty."""
        package = _package_of(module)
        return next((name for name in self._packages if name.lower() == package.lower() and name != package), "")

    def file(self, module: str, importer: str, *, exact: bool) -> str:
        """The path in the artifact that a relative module means, or empty."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), module.partition("?")[0]))
        stem = "" if path == "." else path
        endings = ("",) if exact else _ENDINGS
        candidates = ((stem + ending).lstrip("/") for ending in endings)
        return next((candidate for candidate in candidates if candidate in self._paths), "")

    def _is_given(self, package: str) -> bool:
        if package in NODE_RUNTIME_MODULES:
            return True
        if self._version < _SDK_V3_FROM:
            return package == "aws-sdk"
        return package.split("/", maxsplit=1)[0] in NODE_SDK_SCOPES


def _package_of(module: str) -> str:
    parts = module.split("/")
    return "/".join(parts[:2]) if module.startswith("@") else parts[0]


def _described(package_json: bytes) -> dict[str, object]:
    try:
        content = json.loads(package_json)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
