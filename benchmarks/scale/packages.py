"""The packages of the measured plugins: wheels and npm packages, served by an index and a registry on loopback.

Both record every request, so that a run can say how often each file was fetched. Every package has the
same bytes in every run.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.servers.package_registries import NpmRegistry, PythonIndex

SETS_PER_LANGUAGE = 10
_PACKAGES = 24
_PER_SET = 6
_SMALLEST, _LARGEST = 20_000, 400_000


@dataclass(frozen=True, kw_only=True, slots=True)
class DependencySet:
    """What some of the plugins depend on.

    Attributes:
        language: ``python`` or ``nodejs``.
        packages: (name, version) of each.
    """

    language: str
    packages: tuple[tuple[str, str], ...]


def publish_packages(index: PythonIndex, registry: NpmRegistry) -> None:
    """Publish every package, each in two versions."""
    for number in range(_PACKAGES):
        for version in ("1.0.0", "2.0.0"):
            data = _content(f"{number} {version}")
            index.wheel(python_name(number), version, files={f"scale_{number:02}/data.py": data})
            registry.package(
                node_name(number), version, files={"lib/data.js": data, "index.js": b"module.exports = 1;\n"}
            )


def dependency_sets() -> tuple[DependencySet, ...]:
    """Twenty different sets, half of them Python; each shares most of its packages with other sets."""
    chosen = random.Random(13)  # noqa: S311 - the same sets in every run, no secret
    sets: dict[DependencySet, None] = {}
    for language, name in (("python", python_name), ("nodejs", node_name)):
        wanted = len(sets) + SETS_PER_LANGUAGE
        while len(sets) < wanted:
            numbers = sorted(chosen.sample(range(_PACKAGES), _PER_SET))
            packages = tuple((name(number), chosen.choice(("1.0.0", "2.0.0"))) for number in numbers)
            sets[DependencySet(language=language, packages=packages)] = None
    return tuple(sets)


def python_name(number: int) -> str:
    """The name of a wheel."""
    return f"scale-{number:02}"


def node_name(number: int) -> str:
    """The name of an npm package."""
    return f"scale-node-{number:02}"


def _content(seed: str) -> bytes:
    """Lines that are valid Python and JavaScript, and compress to about a third."""
    chosen = random.Random(seed)  # noqa: S311 - the same bytes in every run, no secret
    size = chosen.randrange(_SMALLEST, _LARGEST)
    lines = [f"value_{number} = {chosen.getrandbits(64)}" for number in range(size // 35)]
    return "\n".join([*lines, ""]).encode()
