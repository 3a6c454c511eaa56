"""Who asks for whom, among the packages that are in the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.evidence.components import normalized_name
from builder.platform.markers import marker_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from builder.platform.runtimes import Runtime

ROOT = ""
"""The plugin itself, among the askers."""

MODULES = "node_modules/"


def python_graph(
    needs: Mapping[str, Sequence[str]], direct: Sequence[str], runtime: Runtime
) -> dict[str, tuple[str, ...]]:
    """Who asks for whom, markers and extras judged for the runtime.

    Args:
        needs: Normalised name -> its ``Requires-Dist`` lines.
        direct: What the plugin itself asks for, as PEP 508 lines.
        runtime: Whose Python and platform the markers are judged for.

    Returns:
        Asker (``ROOT`` for the plugin) -> names, sorted; only what is in ``needs``.
    """
    lines = {ROOT: direct, **needs}
    environment = marker_environment(runtime)
    edges: dict[str, set[str]] = {name: set() for name in lines}
    waiting, seen = [(ROOT, "")], {(ROOT, "")}
    while waiting:
        asker, extra = waiting.pop()
        for name, extras in _asked(lines[asker], extra, environment):
            if name not in needs:
                continue
            edges[asker].add(name)
            new = {(name, one) for one in ("", *extras)} - seen
            seen |= new
            waiting += sorted(new)
    return {name: tuple(sorted(found)) for name, found in edges.items()}


def npm_graph(
    needs: Mapping[str, Sequence[str]], places: Mapping[str, str], direct: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Who asks for whom, as Node finds packages: in the nearest ``node_modules`` upwards.

    Args:
        needs: Package's key -> names it asks for.
        places: Folder in the artifact -> key of the package that lies there.
        direct: Names that the plugin itself asks for.
    """
    edges: dict[str, set[str]] = {ROOT: set(), **{key: set() for key in needs}}
    for place, asker in (("", ROOT), *places.items()):
        for name in direct if asker == ROOT else needs[asker]:
            found = _resolve(place, name, places)
            if found is not None and found != asker:
                edges[asker].add(found)
    return {key: tuple(sorted(found)) for key, found in edges.items()}


def _asked(lines: Iterable[str], extra: str, environment: Mapping[str, str]) -> Iterator[tuple[str, frozenset[str]]]:
    from packaging.requirements import InvalidRequirement, Requirement

    for line in lines:
        if not extra and "extra" in line.partition(";")[2] and " or " not in line:
            continue  # pandas has 120 of these; parsing them would cost more than the rest of the graph
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue  # old metadata that no resolver understands either: it did not bring a package in
        if requirement.marker is None or requirement.marker.evaluate({**environment, "extra": extra}):
            yield normalized_name(requirement.name), frozenset(requirement.extras)


def _resolve(place: str, name: str, places: Mapping[str, str]) -> str | None:
    folder = place
    while True:
        found = places.get(f"{folder}/{MODULES}{name}" if folder else f"{MODULES}{name}")
        if found is not None or not folder:
            return found
        folder = folder.rpartition(f"/{MODULES}")[0]
