"""The programs that the manifest's cold start settings need, and how they decide the artifact's bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import ManifestError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.build_values import LockedPackage
    from builder.host.interpreters import Interpreter
    from builder.manifest.model import Manifest


class ColdStartTools(Struct, frozen=True, kw_only=True):
    """The tools that one manifest needs.

    Attributes:
        interpreter: Compiles bytecode; None when the manifest does not ask for it.
        bundler: The package that holds esbuild for this machine; None when the manifest does not
            ask for it.
        inputs: Everything about these tools that decides the artifact's bytes.
    """

    interpreter: Interpreter | None = None
    bundler: LockedPackage | None = None
    inputs: tuple[str, ...] = ()


def find_tools(
    manifest: Manifest, environment: Mapping[str, str], find_bundler: Callable[[], LockedPackage]
) -> ColdStartTools:
    """Find the tools that ``[build] precompile`` and ``bundle`` need.

    Args:
        manifest: Of a ZIP plugin.
        environment: Of this process.
        find_bundler: Returns esbuild's package from the plugin's lock; called only when the
            manifest asks to bundle.

    Raises:
        ManifestError: A setting is not for the plugin's language.
        DependencyError: The plugin's lock has no esbuild.
        ProjectError: This machine has no interpreter of the runtime's version.
    """
    build, language = manifest.build, manifest.runtime.language
    if not build.precompile and not build.bundle:
        return ColdStartTools()
    key, value = {"python": ("bundle", build.bundle), "nodejs": ("precompile", build.precompile)}[language]
    if value:
        raise _not_for_runtime(manifest, key)
    if build.bundle:
        bundler = find_bundler()
        return ColdStartTools(bundler=bundler, inputs=("bundle", str(build.bundle), bundler.version))
    return _precompile_tools(manifest, environment)


def _not_for_runtime(manifest: Manifest, key: str) -> ManifestError:
    purpose = {"bundle": "bundle is for JavaScript", "precompile": "precompile is for Python"}[key]
    problem = Problem(
        file=manifest.file.name,
        key=f"build.{key}",
        message=f"{purpose}, but the runtime is {manifest.runtime.name}.",
        hint=f"Remove {key}.",
        code="unsupported-setting",
    )
    return ManifestError("The manifest has a setting that its runtime does not support.", problems=[problem])


def _precompile_tools(manifest: Manifest, environment: Mapping[str, str]) -> ColdStartTools:
    from builder.host.interpreters import find_interpreter  # most plugins do not precompile

    setting = manifest.build.precompile
    interpreter = find_interpreter(manifest.runtime.version, environment)
    # With `true` the handler is imported, and what it imports may depend on its variables.
    variables = "" if setting == "all" else json.dumps(dict(manifest.plugin.environment_variables), sort_keys=True)
    return ColdStartTools(interpreter=interpreter, inputs=("precompile", str(setting), interpreter.release, variables))


def report_with_tools(
    report: Mapping[str, object], cold_start_tools: ColdStartTools, bundled_sizes: Mapping[str, int]
) -> dict[str, object]:
    """Add the tools, and the packages inside the one bundled script, to a build report.

    Args:
        report: As of a build without these tools.
        cold_start_tools: The tools that were used.
        bundled_sizes: ``name version`` of each package in the one script -> its bytes there.
    """
    used: dict[str, str] = {}
    if cold_start_tools.interpreter is not None:
        used["bytecode"] = f"CPython {cold_start_tools.interpreter.release}"
    if cold_start_tools.bundler is not None:
        used["bundler"] = f"esbuild {cold_start_tools.bundler.version}"
    tools = report.get("tools")
    if not used or not isinstance(tools, dict):
        return dict(report)
    rows = [(*label.rsplit(" ", 1), size) for label, size in sorted(bundled_sizes.items())]
    bundled = [{"name": name, "version": version, "unpackedSize": size} for name, version, size in rows]
    return {**report, "tools": {**tools, **used}} | ({"bundled": bundled} if bundled else {})
