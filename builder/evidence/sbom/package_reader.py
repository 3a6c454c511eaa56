"""Read every package's metadata, SBOMs and licence texts from its files."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from builder.archive.compression import owner_of
from builder.archive.core_metadata import read_core_metadata
from builder.archive.reader import read_content
from builder.evidence.components import Component, PackageAnalysis, PackageFacts
from builder.evidence.sbom.dependency_graph import npm_graph, python_graph
from builder.evidence.sbom.licences import texts_of
from builder.evidence.sbom.nested_components import inside_of
from builder.evidence.sbom.package_metadata import npm_facts, wheel_facts
from builder.evidence.sbom.purl import purl_of
from builder.platform.package_names import normalized_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.build_values import LockedPackage, Pack
    from builder.manifest.model import Manifest


def read_packs(manifest: Manifest, packs: Sequence[Pack], direct: Sequence[str]) -> PackageAnalysis:
    """Read the metadata of all packages.

    Args:
        manifest: The plugin, for its runtime.
        packs: The packages.
        direct: The plugin's own requirements: PEP 508 lines, or names of npm packages.

    Raises:
        VerificationError: A pack was changed while it was read.
    """
    python = manifest.runtime.language == "python"
    by_label = {owner_of(pack.package): pack for pack in packs}
    components = {label: _component(pack, python=python) for label, pack in sorted(by_label.items())}
    ordered = sorted(packs, key=lambda pack: (pack.package.name, pack.package.version))
    return PackageAnalysis(
        components=components,
        requires=_dependencies(manifest, components, by_label, direct),
        texts=tuple((owner_of(pack.package), texts_of(pack)) for pack in ordered),
    )


def _dependencies(
    manifest: Manifest, components: Mapping[str, Component], packs: Mapping[str, Pack], direct: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    if manifest.runtime.language != "python":
        places = {place: label for label, pack in packs.items() for place in pack.package.places}
        return npm_graph({label: one.facts.needs for label, one in components.items()}, places, direct)
    labels = {normalized_name(one.name): label for label, one in components.items()}
    needs = {name: components[label].facts.needs for name, label in labels.items()}
    graph = python_graph(needs, direct, manifest.runtime)
    return {labels.get(name, ""): tuple(labels[one] for one in names) for name, names in graph.items()}


def _component(pack: Pack, *, python: bool) -> Component:
    package = pack.package
    purl = purl_of(package.name, package.version, python=python)
    inside, unread = inside_of(pack, purl)
    return Component(
        ref=purl,
        name=package.name,
        version=package.version,
        purl=purl,
        hashes=_hashes(package),
        facts=_facts(pack, python=python),
        inside=inside,
        unread=unread,
        source=package.source,
    )


def _facts(pack: Pack, *, python: bool) -> PackageFacts:
    if python:
        return wheel_facts(read_core_metadata(pack))
    for member in pack.members:
        if member.path == "package.json":
            return npm_facts(read_content(pack.file, member))
    return PackageFacts()


def _hashes(package: LockedPackage) -> tuple[tuple[str, str], ...]:
    """The digest that the lock pins, in hex: of the wheel, or of npm's tarball."""
    algorithm, separator, text = package.digest.partition(":")
    if separator and algorithm == "sha256":
        return (("SHA-256", text),)
    algorithm, _, text = package.digest.partition("-")
    try:
        return (("SHA-512", base64.b64decode(text, validate=True).hex()),) if algorithm == "sha512" else ()
    except binascii.Error:
        return ()
