"""Merges the plugin's own files and its packages into one tree: every path once, inside the root, sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.archive.compression import compressed_entry, owner_of, spliced_entry
from builder.archive.entry_paths import folders_of, path_problem, sort_key
from builder.archive.tree_digest import tree_digest
from builder.build_values import EXECUTABLE_MODE, REGULAR_MODE, Bundle, Entry
from builder.bundle.console_scripts import console_script_entries
from builder.bundle.placement import place_npm, place_wheel
from builder.bundle.shadowing import (
    module_of,
    modules_collide,
    resolve_shadowing,
    shadowed_runtime_modules,
    top_level_modules,
)
from builder.errors import PackagingError, Problem
from builder.manifest.text.toml_snippet import snippet
from builder.platform.package_names import normalized_name
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from builder.build_values import Pack
    from builder.bundle.shadowing import ModuleKind
    from builder.bundle.source_files import SourceFile
    from builder.manifest.model import Manifest


def assemble(manifest: Manifest, sources: Sequence[SourceFile], packs: Sequence[Pack]) -> Bundle:
    """Merge everything that goes into the artifact.

    The order of ``sources`` and ``packs`` does not matter: packages are sorted by name and version,
    and of equal files the first one is used.

    Raises:
        PackagingError: Two files have one path and different contents, a file hides a module, or a
            path is unsafe. Lists every problem.
    """
    ordered = sorted(packs, key=lambda pack: (pack.package.name, pack.package.version, pack.package.places))
    own = [
        compressed_entry(source.path, EXECUTABLE_MODE if source.executable else REGULAR_MODE, source.content)
        for source in sources
    ]
    python = manifest.plugin.runtime is not None and manifest.runtime.language == "python"
    from_packages = [entry for pack in ordered for entry in package_entries(pack, python=python)]
    from_packages.extend(console_script_entries(manifest, ordered))
    clashing: dict[str, Problem] = {}
    problems: list[Problem] = []
    if python:
        version = manifest.runtime.version
        package_modules = top_level_modules(entry.path for entry in from_packages)
        clashing = _clashing_modules(own, from_packages, package_modules, version)
        from_packages, problems = resolve_shadowing(from_packages, package_modules, manifest.build.prefer, version)
    elif any(entry.path == "bootstrap" for entry in own):
        clashing = {"bootstrap": _hides_runtime("bootstrap")}
    merged, conflicts = merge_entries(manifest, (*own, *from_packages), clashing)
    problems += [*clashing.values(), *conflicts, *_tree_problems(merged)]
    if problems:
        msg = "The plugin's files and its packages conflict."
        hint = "Fix the problems listed above, then run `biot-plugin package` again."
        raise PackagingError(msg, hint=hint, problems=problems)
    entries = tuple(sorted(merged.values(), key=lambda entry: sort_key(entry.path)))
    return Bundle(entries=entries, tree_digest=tree_digest(entries))


def package_entries(pack: Pack, *, python: bool) -> Iterator[Entry]:
    """The entries of one package, spliced from its pack."""
    owner, file = owner_of(pack.package), str(pack.file)
    for path, member in place_wheel(pack) if python else place_npm(pack):
        yield spliced_entry(path, member, file, owner)


def merge_entries(
    manifest: Manifest, candidates: Iterable[Entry], clashing: Container[str] = ()
) -> tuple[dict[str, Entry], list[Problem]]:
    """Merge entries into one tree. Different files with one path are a problem, unless the manifest prefers one.

    Args:
        manifest: Its ``[build.prefer]`` decides which package a file comes from.
        candidates: The plugin's own entries first.
        clashing: The plugin's own modules that must be renamed anyway: choosing one of their files
            would not help.

    Returns:
        The entries by path, and a problem for every path on which the manifest does not decide.
    """
    entries: dict[str, Entry] = {}
    of_same_path: dict[str, list[Entry]] = {}
    for entry in candidates:
        first = entries.setdefault(entry.path, entry)
        if first is not entry:
            of_same_path.setdefault(entry.path, [first]).append(entry)
    problems = []
    for path, rivals in of_same_path.items():
        preferred_owner = normalized_name(manifest.build.prefer.get(path, ""))
        preferred = [
            entry for entry in rivals if normalized_name(_owner_name(entry, manifest)) == preferred_owner
        ] or rivals
        must_be_renamed = not rivals[0].owner and module_of(path) in clashing
        if len({entry.sha256 for entry in preferred}) > 1 and not must_be_renamed:
            problems.append(_conflict(preferred, manifest))
        entries[path] = replace(preferred[0], mode=max(entry.mode for entry in preferred))
    return entries, problems


def _owner_name(entry: Entry, manifest: Manifest) -> str:
    return entry.owner.rpartition(" ")[0] or manifest.plugin.name


def _conflict(rivals: Sequence[Entry], manifest: Manifest) -> Problem:
    path = printable(rivals[0].path)
    names = [entry.owner or "the plugin itself" for entry in rivals]
    rename = "" if rivals[0].owner else " Or rename your file."
    return Problem(
        file=manifest.file.name,
        key="build.prefer",
        message=f"{path} has different contents in {', '.join(names[:-1])} and {names[-1]}.",
        hint=f"Choose one of them in plugin.toml.{rename}",
        setting=snippet("build.prefer", rivals[0].path, _owner_name(rivals[-1], manifest)),
        code="file-conflict",
    )


def _tree_problems(entries: dict[str, Entry]) -> Iterator[Problem]:
    """A problem for each path that leaves the root, and for each name that is both a file and a folder."""
    folders: dict[str, Entry] = {}
    for entry in entries.values():
        fault = path_problem(entry.path)
        if fault:
            yield Problem(
                message=f"{printable(entry.path)} of {entry.owner or 'the plugin'} {fault}.", code="unsafe-path"
            )
        parent = entry.path.rpartition("/")[0]
        if parent and parent not in folders:
            for folder in (*folders_of(parent), parent):
                folders.setdefault(folder, entry)
    for path in sorted(entries.keys() & folders.keys()):
        file, inside = entries[path].owner or "the plugin", folders[path].owner or "the plugin"
        yield Problem(
            message=f"{printable(path)} is a file of {file} and a folder of {inside}.",
            hint="Rename your own file or folder, or depend on only one of the packages.",
            code="file-conflict",
        )


def _clashing_modules(
    own: Sequence[Entry],
    from_packages: Sequence[Entry],
    package_modules: Mapping[str, set[ModuleKind]],
    version: str,
) -> dict[str, Problem]:
    """A problem for each of the plugin's own modules that hides another module or is hidden by one."""
    own_modules = top_level_modules(entry.path for entry in own)
    problems = {name: _hides_runtime(name) for name in shadowed_runtime_modules(own_modules, version)}
    for name in sorted(own_modules.keys() & package_modules.keys()):
        if modules_collide(own_modules[name], package_modules[name]):
            owners = sorted({entry.owner for entry in from_packages if module_of(entry.path) == name})
            problems[name] = Problem(
                message=f"The plugin and {', '.join(owners)} both have a module {name!r}; "
                "Python imports only one of them.",
                hint=f"Rename {name!r} in the plugin.",
                code="module-clash",
            )
    return problems


def _hides_runtime(name: str) -> Problem:
    return Problem(
        message=f"The plugin's own module {name!r} hides one of Python or Lambda, so the function cannot start.",
        hint=f"Rename it, for example to 'my_{name}'.",
        code="hidden-module",
    )
