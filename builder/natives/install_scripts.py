"""Finds npm packages that work only after their install script built or fetched a binary.

A script alone proves nothing (core-js only prints a greeting). A package with a ``binding.gyp`` needs native code; it
works without its script when it contains a ``.node`` file for Lambda's platform, or when a package it requires does.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from builder.archive.reader import read_content
from builder.errors import Problem, Severity
from builder.manifest.text.toml_snippet import snippet
from builder.natives.prebuilt import runs_on_lambda
from builder.platform.libraries import PACKAGES_WITH_JAVASCRIPT_FALLBACK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.build_values import Pack, PackMember
    from builder.natives.native_files import NativeFile
    from builder.natives.native_scan import ScannedPack

_BINDINGS = "binding.gyp"
_TARGET = re.compile(rb"""["']target_name["']\s*:\s*["']([A-Za-z0-9_.-]{1,100})["']""")
_ALTERNATIVES = {
    "better-sqlite3": "node:sqlite, which is part of Node.js 22 and later",
    "sqlite3": "node:sqlite, which is part of Node.js 22 and later",
    "bcrypt": "bcrypt 6 or later, which brings its binaries",
    "node-sass": "sass",
    "canvas": "@napi-rs/canvas",
    "libxmljs": "libxmljs2-wasm or fast-xml-parser",
}
"""Packages that do the same without a script, according to their registry entries."""


def missing_binaries(
    scanned: Sequence[ScannedPack], root: Mapping[str, Any], allowed: Mapping[str, str]
) -> tuple[tuple[Problem, ...], frozenset[str]]:
    """The packages without their binary.

    Args:
        scanned: npm packages with all their files.
        root: The plugin's package.json.
        allowed: Names of binaries that may be missing, with the reason.

    Returns:
        A problem for each, or a warning if the package is only an optional dependency; and the names in ``allowed``
        that were used.
    """
    without_binary = [
        one.pack for one in scanned if not _has_binary(one.natives) and _member(one.pack, _BINDINGS) is not None
    ]
    if not without_binary:
        return (), frozenset()
    manifests = {one.pack.package.name: _package_json(one.pack) for one in scanned}
    with_binary = {one.pack.package.name for one in scanned if _has_binary(one.natives)}
    required = {name for one in (*manifests.values(), root) for name in _names(one, "dependencies") - _optional(one)}
    problems: list[Problem] = []
    used: set[str] = set()
    for pack in without_binary:
        package_json = manifests[pack.package.name]
        if (_names(package_json, "dependencies") | _optional(package_json)) & with_binary:
            continue
        binary = _binary(pack)
        if binary in allowed:
            used.add(binary)
        else:
            problems.append(
                _problem(pack, binary, needed=pack.package.name in required - PACKAGES_WITH_JAVASCRIPT_FALLBACK)
            )
    return tuple(problems), frozenset(used)


def _has_binary(natives: Mapping[str, NativeFile]) -> bool:
    return any(path.endswith(".node") and runs_on_lambda(path, native) for path, native in natives.items())


def _problem(pack: Pack, binary: str, *, needed: bool) -> Problem:
    name, version = pack.package.name, pack.package.version
    message = (
        f"{name} {version} lacks {binary} for Lambda (linux-x64, glibc): its install script would build or fetch it"
    )
    if not needed:
        return Problem(
            message=f"{message}. The package works without it.",
            hint="You do not need to do anything: the package, or what requires it, has an alternative.",
            code="missing-binary",
            severity=Severity.WARNING,
        )
    instead = _ALTERNATIVES.get(name, "a package that brings its binaries, or one in plain JavaScript")
    return Problem(
        message=f"{message}, and install scripts never run.",
        hint=f"Use {instead}. If the function works without the binary, add this to plugin.toml.",
        setting=snippet("build.allow-missing", binary, "why"),
        file="package.json",
        key=name,
        code="missing-binary",
    )


def _binary(pack: Pack) -> str:
    member = _member(pack, _BINDINGS)
    match = _TARGET.search(read_content(pack.file, member)) if member is not None else None
    return f"{match[1].decode() if match else pack.package.name.rpartition('/')[2]}.node"


def _member(pack: Pack, path: str) -> PackMember | None:
    return next((member for member in pack.members if member.path == path), None)


def _package_json(pack: Pack) -> Mapping[str, Any]:
    member = _member(pack, "package.json")
    try:
        document = json.loads(read_content(pack.file, member)) if member is not None else {}
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _names(package: Mapping[str, Any], field: str) -> set[str]:
    table = package.get(field)
    return set(table) if isinstance(table, dict) else set()


def _optional(package: Mapping[str, Any]) -> set[str]:
    return _names(package, "optionalDependencies")
