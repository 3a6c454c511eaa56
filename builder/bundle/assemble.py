"""The plugin's own files and its packages as one tree: every path once, inside the root, in one order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from builder.archive.entries import compressed, owner_of, spliced
from builder.archive.entry_paths import folders_of, path_fault, sort_key
from builder.archive.tree_digest import tree_digest
from builder.build_values import EXECUTABLE_MODE, REGULAR_MODE, Bundle, Entry
from builder.bundle.console_scripts import console_script_entries
from builder.bundle.placement import place_npm, place_wheel
from builder.bundle.shadowing import (
    module_of,
    modules_collide,
    normal_name,
    resolve_shadowing,
    shadowed_runtime_modules,
    top_level_modules,
)
from builder.errors import PackagingError, Problem
from builder.manifest.text.toml_snippet import snippet
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from builder.build_values import Pack
    from builder.bundle.source_files import SourceFile
    from builder.manifest.model import Manifest


def assemble(manifest: Manifest, sources: Sequence[SourceFile], packs: Sequence[Pack]) -> Bundle:
    """Merge everything that goes into the artifact.

    The order of ``sources`` and ``packs`` does not matter: packages are taken by name and version, and the first one
    gives the bytes of a file that several have alike.

    Raises:
        PackagingError: Two want one path with different contents, a file hides a module, a path is unsafe: all of them.
    """
    ordered = sorted(packs, key=lambda pack: (pack.package.name, pack.package.version, pack.package.places))
    own = [
        compressed(source.path, EXECUTABLE_MODE if source.executable else REGULAR_MODE, source.content)
        for source in sources
    ]
    python = manifest.plugin.runtime is not None and manifest.runtime.language == "python"
    foreign = [entry for pack in ordered for entry in package_entries(pack, python=python)]
    foreign.extend(console_script_entries(manifest, ordered))
    clashing: dict[str, Problem] = {}
    problems: list[Problem] = []
    if python:
        version = manifest.runtime.version
        clashing = _clashing_modules(own, foreign, version)
        foreign, problems = resolve_shadowing(foreign, manifest.build.prefer, version)
    elif any(entry.path == "bootstrap" for entry in own):
        clashing = {"bootstrap": _hidden("bootstrap")}
    merged, contested = merge_entries(manifest, (*own, *foreign), clashing)
    problems += [*clashing.values(), *contested, *_tree_problems(merged)]
    if problems:
        msg = "The plugin's files and its packages do not fit into one artifact."
        raise PackagingError(msg, hint="Mend what is named above and package again.", problems=problems)
    entries = tuple(sorted(merged.values(), key=lambda entry: sort_key(entry.path)))
    return Bundle(entries=entries, tree_digest=tree_digest(entries))


def package_entries(pack: Pack, *, python: bool) -> Iterator[Entry]:
    """Every entry that one package brings, spliced from its pack."""
    owner, file = owner_of(pack.package), str(pack.file)
    for path, member in place_wheel(pack) if python else place_npm(pack):
        yield spliced(path, member, file, owner)


def merge_entries(
    manifest: Manifest, claims: Iterable[Entry], clashing: Container[str] = ()
) -> tuple[dict[str, Entry], list[Problem]]:
    """One tree out of many: equal files become one, different ones are a problem unless the manifest prefers one.

    Args:
        manifest: Its ``[build.prefer]`` decides which package a contested file comes from.
        claims: The plugin's own entries first.
        clashing: Own modules that must be renamed anyway: choosing one of their files would not help.

    Returns:
        The entries by path, and a problem for every path that stays contested.
    """
    entries: dict[str, Entry] = {}
    contested: dict[str, list[Entry]] = {}
    for entry in claims:
        known = entries.setdefault(entry.path, entry)
        if known is not entry:
            contested.setdefault(entry.path, [known]).append(entry)
    problems = []
    for path, rivals in contested.items():
        preferred = normal_name(manifest.build.prefer.get(path, ""))
        chosen = [entry for entry in rivals if normal_name(_name(entry, manifest)) == preferred] or rivals
        renamed = not rivals[0].owner and module_of(path) in clashing
        if len({entry.sha256 for entry in chosen}) > 1 and not renamed:
            problems.append(_collision(chosen, manifest))
        entries[path] = replace(chosen[0], mode=max(entry.mode for entry in chosen))
    return entries, problems


def _name(entry: Entry, manifest: Manifest) -> str:
    return entry.owner.rpartition(" ")[0] or manifest.plugin.name


def _collision(rivals: Sequence[Entry], manifest: Manifest) -> Problem:
    path = printable(rivals[0].path)
    names = [entry.owner or "the plugin itself" for entry in rivals]
    rename = "" if rivals[0].owner else " Or rename your file."
    return Problem(
        file=manifest.file.name,
        key="build.prefer",
        message=f"{path} comes with different contents from {', '.join(names[:-1])} and {names[-1]}.",
        hint=f"Say in plugin.toml whose file is taken.{rename}",
        setting=snippet("build.prefer", rivals[0].path, _name(rivals[-1], manifest)),
    )


def _tree_problems(entries: dict[str, Entry]) -> Iterator[Problem]:
    """Paths that leave the root, and names that are a file and a folder at once."""
    folders: dict[str, Entry] = {}
    for entry in entries.values():
        fault = path_fault(entry.path)
        if fault:
            yield Problem(message=f"{printable(entry.path)} of {entry.owner or 'the plugin'} {fault}.")
        parent = entry.path.rpartition("/")[0]
        if parent and parent not in folders:
            for folder in (*folders_of(parent), parent):
                folders.setdefault(folder, entry)
    for path in sorted(entries.keys() & folders.keys()):
        file, inside = entries[path].owner or "the plugin", folders[path].owner or "the plugin"
        yield Problem(
            message=f"{printable(path)} is a file of {file} and a folder of {inside}.",
            hint="Only one of the two can be there: rename your own, or depend on only one of the packages.",
        )


def _clashing_modules(own: Sequence[Entry], foreign: Sequence[Entry], version: str) -> dict[str, Problem]:
    """The plugin's own modules that Python would find instead of others, or the other way round."""
    mine = top_level_modules(entry.path for entry in own)
    found = {name: _hidden(name) for name in shadowed_runtime_modules(mine, version)}
    theirs = top_level_modules(entry.path for entry in foreign)
    for name in sorted(mine.keys() & theirs.keys()):
        if modules_collide(mine[name], theirs[name]):
            owners = sorted({entry.owner for entry in foreign if module_of(entry.path) == name})
            found[name] = Problem(
                message=f"The plugin's own module {name!r} and the one of {', '.join(owners)} have one name; "
                "Python imports only one of them.",
                hint=f"Rename {name!r} in the plugin.",
            )
    return found


def _hidden(name: str) -> Problem:
    return Problem(
        message=f"The plugin's own {name!r} hides a module of Python or Lambda, so the function cannot start.",
        hint=f"Rename it, for instance to 'my_{name}'.",
    )
