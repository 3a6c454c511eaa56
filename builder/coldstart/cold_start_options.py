"""What the manifest chose for its cold start, and what of this machine decides the bytes it gives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import ManifestError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.build_values import LockedPackage
    from builder.interpreters import Interpreter
    from builder.manifest.model import Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A manifest's choices with the tools they need.

    Attributes:
        interpreter: What compiles, or None when nothing is compiled.
        bundler: The package that holds esbuild for this machine, or None when nothing is bundled.
        inputs: What of these tools decides the artifact's bytes.
    """

    interpreter: Interpreter | None = None
    bundler: LockedPackage | None = None
    inputs: tuple[str, ...] = ()


def choose(manifest: Manifest, environment: Mapping[str, str], find_bundler: Callable[[], LockedPackage]) -> Choice:
    """Find the tools that the manifest's choices need.

    Args:
        manifest: Of a ZIP plugin.
        environment: Of this process.
        find_bundler: Gives esbuild's package as the plugin locks it; asked only when the manifest bundles.

    Raises:
        ManifestError: A choice is not for the plugin's language.
        DependencyError: The plugin's lock has no esbuild.
        ProjectError: There is no interpreter of the runtime's version on this machine.
    """
    build, language = manifest.build, manifest.runtime.language
    if not build.precompile and not build.bundle:
        return Choice()
    foreign = {"python": ("bundle", build.bundle), "nodejs": ("precompile", build.precompile)}[language]
    if foreign[1]:
        raise _not_for_runtime(manifest, foreign[0])
    if build.bundle:
        bundler = find_bundler()
        return Choice(bundler=bundler, inputs=("bundle", str(build.bundle), bundler.version))
    return _choose_interpreter(manifest, environment)


def _not_for_runtime(manifest: Manifest, key: str) -> ManifestError:
    what = {"bundle": "One file of scripts is for JavaScript", "precompile": "Bytecode is for Python"}[key]
    problem = Problem(
        file=manifest.file.name,
        key=f"build.{key}",
        message=f"{what}, and the runtime is {manifest.runtime.name}.",
        hint=f"Leave {key} out.",
    )
    return ManifestError("The manifest asks for what its runtime does not have.", problems=[problem])


def _choose_interpreter(manifest: Manifest, environment: Mapping[str, str]) -> Choice:
    chosen = manifest.build.precompile
    from builder.interpreters import find_interpreter

    interpreter = find_interpreter(manifest.runtime.version, environment)
    # With true the handler is imported, and what it imports may hang on its variables.
    variables = "" if chosen == "all" else json.dumps(dict(manifest.plugin.environment_variables), sort_keys=True)
    return Choice(interpreter=interpreter, inputs=("precompile", str(chosen), interpreter.release, variables))


def with_tools(report: Mapping[str, object], choice: Choice, shares: Mapping[str, int]) -> dict[str, object]:
    """A build report that names the tools of the choices, and the packages inside the one file of scripts.

    Args:
        report: As of a build without choices.
        choice: What was chosen.
        shares: ``name version`` of each package in the one file -> its bytes there.
    """
    used: dict[str, str] = {}
    if choice.interpreter is not None:
        used["bytecode"] = f"CPython {choice.interpreter.release}"
    if choice.bundler is not None:
        used["bundler"] = f"esbuild {choice.bundler.version}"
    tools = report.get("tools")
    if not used or not isinstance(tools, dict):
        return dict(report)
    split = [(*label.rsplit(" ", 1), size) for label, size in sorted(shares.items())]
    bundled = [{"name": name, "version": version, "unpackedSize": size} for name, version, size in split]
    return {**report, "tools": {**tools, **used}} | ({"bundled": bundled} if bundled else {})
