"""The dependencies between the packages of an artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.platform.markers import marker_environment
from builder.platform.package_names import normalized_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from builder.platform.runtimes import Runtime

ROOT = ""
"""The key of the plugin itself."""

MODULES = "node_modules/"


def python_graph(
    needs: Mapping[str, Sequence[str]], direct: Sequence[str], runtime: Runtime
) -> dict[str, tuple[str, ...]]:
    """The dependencies of Python packages, with markers and extras evaluated for the runtime.

    Args:
        needs: Normalized name -> its ``Requires-Dist`` lines.
        direct: The plugin's own requirements, as PEP 508 lines.
        runtime: Its Python and platform decide the markers.

    Returns:
        Name (``ROOT`` for the plugin) -> names that it requires, sorted; only names in ``needs``.
    """
    lines = {ROOT: direct, **needs}
    environment = marker_environment(runtime)
    edges: dict[str, set[str]] = {name: set() for name in lines}
    queue, seen = [(ROOT, "")], {(ROOT, "")}
    while queue:
        parent, extra = queue.pop()
        for name, extras in _required(lines[parent], extra, environment):
            if name not in needs:
                continue
            edges[parent].add(name)
            new = {(name, extra_name) for extra_name in ("", *extras)} - seen
            seen |= new
            queue += sorted(new)
    return {name: tuple(sorted(required)) for name, required in edges.items()}


def npm_graph(
    needs: Mapping[str, Sequence[str]], places: Mapping[str, str], direct: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """The dependencies of npm packages, as Node finds them: in the nearest ``node_modules`` upwards.

    Args:
        needs: Package's key -> names that it requires.
        places: Folder in the artifact -> key of the package in it.
        direct: Names that the plugin itself requires.
    """
    edges: dict[str, set[str]] = {ROOT: set(), **{key: set() for key in needs}}
    for place, parent in (("", ROOT), *places.items()):
        for name in direct if parent == ROOT else needs[parent]:
            package = _resolve(place, name, places)
            if package is not None and package != parent:
                edges[parent].add(package)
    return {key: tuple(sorted(required)) for key, required in edges.items()}


def _required(lines: Iterable[str], extra: str, environment: Mapping[str, str]) -> Iterator[tuple[str, frozenset[str]]]:
    from packaging.requirements import InvalidRequirement, Requirement

    for line in lines:
        if not extra and "extra" in line.partition(";")[2] and " or " not in line:
            continue  # pandas has 120 of these; parsing them would cost more than the rest of the graph
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue  # old metadata that no resolver understands either, so it added no package
        if requirement.marker is None or requirement.marker.evaluate({**environment, "extra": extra}):
            yield normalized_name(requirement.name), frozenset(requirement.extras)


def _resolve(place: str, name: str, places: Mapping[str, str]) -> str | None:
    folder = place
    while True:
        package = places.get(f"{folder}/{MODULES}{name}" if folder else f"{MODULES}{name}")
        if package is not None or not folder:
            return package
        folder = folder.rpartition(f"/{MODULES}")[0]
