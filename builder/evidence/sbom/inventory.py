"""The inventory of an artifact: every file belongs to exactly one component."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.evidence.components import Component, Inventory, PackageFacts
from builder.evidence.sbom.dependency_graph import ROOT
from builder.evidence.sbom.image_components import image_component
from builder.evidence.sbom.purl import purl_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.build_values import Bundle
    from builder.evidence.components import PackageAnalysis
    from builder.image.base_image import UsedImage
    from builder.manifest.model import Manifest


def take_inventory(
    manifest: Manifest, bundle: Bundle, analysis: PackageAnalysis, images: Sequence[UsedImage] = ()
) -> Inventory:
    """Attribute every file of the artifact to a component.

    A file that two packages share belongs to the one whose bytes were taken. An owner without a
    pack is a component too, without metadata.

    Args:
        manifest: The plugin.
        bundle: Every file, with its owner.
        analysis: The metadata of the packages.
        images: What an image was made of; empty for a ZIP.
    """
    python = manifest.runtime.language == "python"
    files: dict[str, list[str]] = {}
    for entry in bundle.entries:
        files.setdefault(entry.owner, []).append(entry.path)
    components = {
        label: replace(component, files=tuple(files.get(label, ())))
        for label, component in sorted(analysis.components.items())
    }
    for owner in sorted(files.keys() - analysis.components.keys() - {""}):
        components[owner] = _without_metadata(owner, tuple(files[owner]), python=python)
    plugin = manifest.plugin
    root = Component(
        ref=f"pkg:generic/{plugin.name}@{plugin.version}",
        name=plugin.name,
        version=str(plugin.version),
        purl=f"pkg:generic/{plugin.name}@{plugin.version}",
        facts=PackageFacts(description=" ".join(plugin.display_name.split())),
        files=tuple(files.get("", ())),
    )
    refs = {ROOT: root.ref} | {label: component.ref for label, component in components.items()}
    of_images = {component.ref: component for component in map(image_component, images)}
    requires = {refs[label]: [refs[one] for one in analysis.requires.get(label, ())] for label in refs}
    requires |= {ref: [] for ref in of_images}
    requires[root.ref] += of_images
    return Inventory(
        plugin=root,
        packages=(*components.values(), *of_images.values()),
        lists_packages=manifest.chooses_packages,
        requires={ref: tuple(sorted(required)) for ref, required in requires.items()},
    )


def _without_metadata(owner: str, files: tuple[str, ...], *, python: bool) -> Component:
    name, _, version = owner.rpartition(" ")
    purl = purl_of(name, version, python=python) if name else ""
    return Component(
        ref=purl or f"owner:{owner}", name=name or version, version=version if name else "", purl=purl, files=files
    )
