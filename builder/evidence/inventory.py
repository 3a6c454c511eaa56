"""Bundle and packs -> inventory: every file of the artifact belongs to exactly one component."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from builder.archive.reader import read_content
from builder.evidence.components import Component, Facts, Inventory
from builder.evidence.graph import ROOT, normal, npm_graph, python_graph
from builder.evidence.metadata import npm_facts, wheel_facts
from builder.evidence.nested import inside_of
from builder.evidence.purl import npm_purl, pypi_purl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.manifest.model import Manifest
    from builder.values import Bundle, LockedPackage, Pack

_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")


def take_inventory(manifest: Manifest, bundle: Bundle, packs: Sequence[Pack], direct: Sequence[str]) -> Inventory:
    """Say what the artifact is made of.

    Files are attributed by who brought them; a file that two packages have alike belongs to the one whose bytes were
    taken. Nothing is left over: an owner without a pack is a component too, about which little is known.

    Args:
        manifest: The plugin.
        bundle: Every file, with its owner.
        packs: The packages, for their metadata.
        direct: What the plugin itself asks for: PEP 508 lines, or names of npm packages.

    Raises:
        VerificationError: A pack was changed while it was read.
    """
    python = manifest.runtime.language == "python"
    files: dict[str, list[str]] = {}
    for entry in bundle.entries:
        files.setdefault(entry.owner, []).append(entry.path)
    known = {_key(pack): pack for pack in packs}
    components = {
        key: _described(pack, tuple(files.get(key, ())), python=python) for key, pack in sorted(known.items())
    }
    for owner in sorted(files.keys() - known.keys() - {""}):
        components[owner] = _stranger(owner, tuple(files[owner]), python=python)
    plugin = manifest.plugin
    root = Component(
        ref=f"pkg:generic/{plugin.name}@{plugin.version}",
        name=plugin.name,
        version=str(plugin.version),
        purl=f"pkg:generic/{plugin.name}@{plugin.version}",
        facts=Facts(description=" ".join(plugin.display_name.split())),
        files=tuple(files.get("", ())),
    )
    edges = _edges(manifest, components, known, direct)
    refs = {ROOT: root.ref} | {key: component.ref for key, component in components.items()}
    return Inventory(
        plugin=root,
        packages=tuple(components.values()),
        requires={refs[key]: tuple(sorted(refs[one] for one in edges.get(key, ()))) for key in refs},
    )


def _edges(
    manifest: Manifest, components: Mapping[str, Component], packs: Mapping[str, Pack], direct: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    if manifest.runtime.language != "python":
        places = {place: key for key, pack in packs.items() for place in pack.package.places}
        return npm_graph({key: one.facts.needs for key, one in components.items()}, places, direct)
    keys = {normal(one.name): key for key, one in components.items()}
    needs = {name: components[key].facts.needs for name, key in keys.items()}
    found = python_graph(needs, direct, manifest.runtime)
    return {keys.get(name, ROOT): tuple(keys[one] for one in names) for name, names in found.items()}


def _described(pack: Pack, files: tuple[str, ...], *, python: bool) -> Component:
    package = pack.package
    purl = _purl(package.name, package.version, python=python)
    inside, unread = inside_of(pack, purl)
    return Component(
        ref=purl,
        name=package.name,
        version=package.version,
        purl=purl,
        hashes=_hashes(package),
        facts=_facts(pack, python=python),
        files=files,
        inside=inside,
        unread=unread,
    )


def _facts(pack: Pack, *, python: bool) -> Facts:
    for member in pack.members:
        if python and _METADATA.fullmatch(member.path):
            return wheel_facts(read_content(pack.file, member).decode("utf-8", "replace"))
        if not python and member.path == "package.json":
            return npm_facts(read_content(pack.file, member))
    return Facts()


def _stranger(owner: str, files: tuple[str, ...], *, python: bool) -> Component:
    name, _, version = owner.rpartition(" ")
    purl = _purl(name or version, version if name else "", python=python) if name else ""
    return Component(
        ref=purl or f"owner:{owner}", name=name or version, version=version if name else "", purl=purl, files=files
    )


def _purl(name: str, version: str, *, python: bool) -> str:
    return pypi_purl(normal(name), version) if python else npm_purl(name, version)


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


def _key(pack: Pack) -> str:
    return f"{pack.package.name} {pack.package.version}"
