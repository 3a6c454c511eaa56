"""What an artifact is made of, as values: every component, what its authors say about it, and which files are its."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "unknown"
"""What stands where nobody said anything: a gap that is told is a finding, a gap that is not told is a lie."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageFacts:
    """What the authors of a package say about it; empty where they say nothing.

    Attributes:
        licence: An SPDX expression.
        licence_names: Names of licences in the authors' own words, when they give no SPDX expression.
        supplier: Person or organisation.
        homepage: Address, never opened by the kit.
        description: One line.
        needs: What it asks for: ``Requires-Dist`` lines, or names of npm packages.
    """

    licence: str = ""
    licence_names: tuple[str, ...] = ()
    supplier: str = ""
    homepage: str = ""
    description: str = ""
    needs: tuple[str, ...] = ()

    @property
    def licence_text(self) -> str:
        """The licence for people."""
        return self.licence or ", ".join(self.licence_names) or UNKNOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """One thing that has a name and a version of its own.

    Attributes:
        ref: Unique in the inventory.
        name: As its ecosystem spells it.
        version: Exact; empty when unknown.
        purl: Package URL; empty when the ecosystem is unknown.
        hashes: (algorithm as CycloneDX names it, hex digest) of the file that the lock pins.
        facts: What its authors say.
        files: Paths in the artifact that come from it, sorted.
        inside: What its authors say is compiled or copied into it.
        unread: SBOMs inside it that could not be understood.
        source: What it was built from on the way into the artifact, and by what; empty for what was published so.
    """

    ref: str
    name: str
    version: str
    purl: str = ""
    hashes: tuple[tuple[str, str], ...] = ()
    facts: PackageFacts = field(default_factory=PackageFacts)
    files: tuple[str, ...] = ()
    inside: tuple[Component, ...] = ()
    unread: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """Every component of an artifact; together their ``files`` are the artifact's files, each once.

    Attributes:
        plugin: The plugin itself, with its own files.
        packages: Everything else, by name and version.
        requires: Ref of a component -> refs of what it asks for; every component has an entry.
    """

    plugin: Component
    packages: tuple[Component, ...]
    requires: dict[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageAnalysis:
    """What follows from the packages alone, whatever the plugin's own files are.

    Attributes:
        components: ``name version`` of a package -> what it is; without its files, which the artifact decides.
        requires: ``name version``, or empty for the plugin -> the packages that it asks for.
        texts: ``name version`` and the licence texts in the package, sorted; the text is empty where there is none.
    """

    components: Mapping[str, Component]
    requires: Mapping[str, tuple[str, ...]]
    texts: tuple[tuple[str, str], ...]


def normalized_name(name: str) -> str:
    """A Python package's name in its normalized form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
