"""The components of an artifact as values: SBOM, SOUP list, licence texts and provenance are written from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "unknown"
"""Written wherever a value is missing, so that nobody takes a gap for an answer."""


class PackageFacts(Struct, frozen=True, kw_only=True):
    """The metadata that a package's authors wrote; empty where they wrote nothing.

    Attributes:
        licence: An SPDX expression.
        licence_names: Names of licences in the authors' own words, without an SPDX expression.
        supplier: Person or organisation.
        homepage: Address; the kit never opens it.
        description: One line.
        needs: Its requirements: ``Requires-Dist`` lines, or names of npm packages.
    """

    licence: str = ""
    licence_names: tuple[str, ...] = ()
    supplier: str = ""
    homepage: str = ""
    description: str = ""
    needs: tuple[str, ...] = ()

    @property
    def licence_text(self) -> str:
        """The licence as text for people."""
        return self.licence or ", ".join(self.licence_names) or UNKNOWN


class Component(Struct, frozen=True, kw_only=True):
    """One piece of software with a name and a version.

    Attributes:
        ref: Unique in the inventory.
        name: As its ecosystem spells it.
        version: Exact; empty when unknown.
        purl: Package URL; empty when the ecosystem is unknown.
        kind: Its type in CycloneDX: ``library``, or ``container`` for an image.
        hashes: (algorithm as CycloneDX names it, hex digest) of the file that the lock pins.
        facts: Its metadata.
        files: Its paths in the artifact, sorted.
        inside: Components that are compiled or copied into it, as its authors list them.
        unread: SBOMs inside it that could not be understood.
        source: The source archive and the tool that built it here; empty for a package that was
            published built.
    """

    ref: str
    name: str
    version: str
    purl: str = ""
    kind: str = "library"
    hashes: tuple[tuple[str, str], ...] = ()
    facts: PackageFacts = field(default_factory=PackageFacts)
    files: tuple[str, ...] = ()
    inside: tuple[Component, ...] = ()
    unread: tuple[str, ...] = ()
    source: str = ""


class Inventory(Struct, frozen=True, kw_only=True):
    """Every component of an artifact. Each file of the artifact belongs to one of them.

    Attributes:
        plugin: The plugin itself, with its own files.
        packages: All other components, by name and version; images are the last.
        requires: Ref of a component -> refs of its requirements; every component has an entry.
        lists_packages: Whether all packages are listed; False for an image from a Dockerfile and for a ZIP of another
            tool.
    """

    plugin: Component
    packages: tuple[Component, ...]
    requires: dict[str, tuple[str, ...]]
    lists_packages: bool = True


class PackageAnalysis(Struct, frozen=True, kw_only=True):
    """The metadata of all packages, which does not depend on the plugin's own files.

    Attributes:
        components: ``name version`` of a package -> its component, without files: the artifact
            decides those.
        requires: ``name version``, or empty for the plugin -> the packages that it requires.
        texts: ``name version`` and the licence texts of each package, sorted; an empty text without
            one.
    """

    components: Mapping[str, Component]
    requires: Mapping[str, tuple[str, ...]]
    texts: tuple[tuple[str, str], ...]
