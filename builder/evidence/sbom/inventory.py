"""Bundle and study -> inventory: every file of the artifact belongs to exactly one component."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from builder.evidence.components import Component, Inventory, PackageFacts
from builder.evidence.sbom.dependency_graph import ROOT
from builder.evidence.sbom.purl import purl_of

if TYPE_CHECKING:
    from builder.build_values import Bundle
    from builder.evidence.components import PackageAnalysis
    from builder.manifest.model import Manifest


def take_inventory(manifest: Manifest, bundle: Bundle, known: PackageAnalysis) -> Inventory:
    """Say what the artifact is made of.

    Files are attributed by who brought them; a file that two packages have alike belongs to the one whose bytes were
    taken. Nothing is left over: an owner without a pack is a component too, about which little is known.

    Args:
        manifest: The plugin.
        bundle: Every file, with its owner.
        known: What the packages say about themselves.
    """
    python = manifest.runtime.language == "python"
    files: dict[str, list[str]] = {}
    for entry in bundle.entries:
        files.setdefault(entry.owner, []).append(entry.path)
    components = {
        label: replace(component, files=tuple(files.get(label, ())))
        for label, component in sorted(known.components.items())
    }
    for owner in sorted(files.keys() - known.components.keys() - {""}):
        components[owner] = _stranger(owner, tuple(files[owner]), python=python)
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
    return Inventory(
        plugin=root,
        packages=tuple(components.values()),
        requires={refs[label]: tuple(sorted(refs[one] for one in known.requires.get(label, ()))) for label in refs},
    )


def _stranger(owner: str, files: tuple[str, ...], *, python: bool) -> Component:
    name, _, version = owner.rpartition(" ")
    purl = purl_of(name, version, python=python) if name else ""
    return Component(
        ref=purl or f"owner:{owner}", name=name or version, version=version if name else "", purl=purl, files=files
    )
