"""The plugin's own files and its packages as one tree: every path once, inside the root, in one order."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from builder.archive.entries import compressed, owner_of, spliced
from builder.archive.paths import folders_of, path_fault, sort_key
from builder.archive.tree import tree_digest
from builder.bundle.hiding import collide, hides_runtime, top_level
from builder.bundle.placement import place_npm, place_wheel
from builder.bundle.scripts import kept_scripts
from builder.errors import PackagingError, Problem
from builder.quoting import printable
from builder.values import EXECUTABLE_MODE, REGULAR_MODE, Bundle, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from builder.bundle.sources import SourceFile
    from builder.manifest.model import Manifest
    from builder.values import Pack


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
    foreign = [entry for pack in ordered for entry in placed(pack, python=python)]
    foreign.extend(kept_scripts(manifest, ordered))
    merged, problems = merge(manifest, (*own, *foreign))
    problems += _tree_problems(merged)
    if python:
        problems += _module_problems(own, foreign)
    elif any(entry.path == "bootstrap" for entry in own):
        problems.append(_hidden("bootstrap"))
    if problems:
        msg = "The plugin's files and its packages do not fit into one artifact."
        raise PackagingError(msg, hint="Mend what is named above and package again.", problems=problems)
    entries = tuple(sorted(merged.values(), key=lambda entry: sort_key(entry.path)))
    return Bundle(entries=entries, tree_digest=tree_digest(entries))


def placed(pack: Pack, *, python: bool) -> Iterator[Entry]:
    """Every entry that one package brings, spliced from its pack."""
    owner, file = owner_of(pack.package), str(pack.file)
    for path, member in place_wheel(pack) if python else place_npm(pack):
        yield spliced(path, member, file, owner)


def merge(manifest: Manifest, claims: Iterable[Entry]) -> tuple[dict[str, Entry], list[Problem]]:
    """One tree out of many: equal files become one, different ones are a problem unless the manifest prefers one.

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
        preferred = _normal(manifest.build.prefer.get(path, ""))
        chosen = [entry for entry in rivals if _normal(_name(entry, manifest)) == preferred] or rivals
        if len({entry.sha256 for entry in chosen}) > 1:
            problems.append(_collision(chosen, manifest))
        entries[path] = replace(chosen[0], mode=max(entry.mode for entry in chosen))
    return entries, problems


def _name(entry: Entry, manifest: Manifest) -> str:
    return entry.owner.rpartition(" ")[0] or manifest.plugin.name


def _normal(name: str) -> str:
    """A name as PEP 503 compares them: ``backports.tarfile`` and ``backports-tarfile`` are one package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _collision(rivals: Sequence[Entry], manifest: Manifest) -> Problem:
    path = printable(rivals[0].path)
    names = [entry.owner or "the plugin itself" for entry in rivals]
    rename = "" if rivals[0].owner else ", or rename your file"
    return Problem(
        file=manifest.file.name,
        key="build.prefer",
        message=f"{path} comes with different contents from {', '.join(names[:-1])} and {names[-1]}.",
        hint=f'Say whose file is taken: [build.prefer] "{path}" = "{_name(rivals[-1], manifest)}"{rename}.',
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


def _module_problems(own: Sequence[Entry], foreign: Sequence[Entry]) -> Iterator[Problem]:
    mine = top_level(entry.path for entry in own)
    for name in hides_runtime(mine):
        yield _hidden(name)
    theirs = top_level(entry.path for entry in foreign)
    for name in sorted(mine.keys() & theirs.keys()):
        if collide(mine[name], theirs[name]):
            owners = sorted({entry.owner for entry in foreign if entry.path.split("/", 1)[0].partition(".")[0] == name})
            yield Problem(
                message=f"The plugin's own module {name!r} and the one of {', '.join(owners)} have one name; "
                "Python imports only one of them.",
                hint=f"Rename {name!r} in the plugin.",
            )


def _hidden(name: str) -> Problem:
    return Problem(
        message=f"The plugin's own {name!r} hides a module of Python or Lambda, so the function cannot start.",
        hint=f"Rename it, for instance to 'my_{name}'.",
    )
