"""The SBOM of an artifact: CycloneDX 1.6 as JSON, with the same bytes for the same build.

``cyclonedx-python-lib`` does not write it: importing that library takes longer than a whole build.
The tests validate the SBOM with the library's own schemas.

The SBOM has everything that NTIA (2021), CISA (2025) and FDA (2023, section 524B) require, or says
that it is unknown: supplier, name, version, purl, hash, licence, relationships, author, tool,
generation context, level of support, end of support. It has a time only when ``SOURCE_DATE_EPOCH``
is set, because the clock would change the SBOM of every build; the provenance statement always has
the time.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import builder
from builder.evidence.components import UNKNOWN
from builder.quoting import printable_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.build_values import Artifact
    from builder.evidence.components import Component, Inventory, PackageFacts
    from builder.evidence.soup.soup_file import SoupFile
    from builder.manifest.model import Manifest

SPEC = "1.6"
PREFIX = "biot-plugin-kit"
UNLISTED = f"{PREFIX}:packages"
"""The property of an SBOM whose packages are unknown; ``audit`` looks for it."""
END_OF_SUPPORT = "cdx:lifecycle:milestone:endOfSupport"
"""https://github.com/CycloneDX/cyclonedx-property-taxonomy/blob/main/cdx/lifecycle.md"""

_Document = dict[str, object]


def build_sbom(
    manifest: Manifest, inventory: Inventory, artifact: Artifact, soup: SoupFile, *, epoch: int | None
) -> _Document:
    """The SBOM as a document, for other tools.

    Args:
        manifest: The plugin.
        inventory: The components of the artifact.
        artifact: The written ZIP.
        soup: The entries of ``soup.toml``.
        epoch: ``SOURCE_DATE_EPOCH``, or None.
    """
    identity = f"{inventory.plugin.ref} {artifact.tree_digest}"
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, identity)}",
        "version": 1,
        "metadata": _metadata(manifest, inventory, artifact, soup, epoch),
        "components": [_package(package, soup) for package in inventory.packages],
        "dependencies": [
            {"ref": ref, "dependsOn": list(required)} for ref, required in sorted(inventory.requires.items())
        ],
        "compositions": _compositions(inventory),
    }


def render_sbom(document: _Document) -> bytes:
    """The file's bytes: one component per line, which is easy to compare and fast to write."""
    lines = [f"{json.dumps(key)}: {_value(value)}" for key, value in document.items()]
    return printable_json("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _value(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def _metadata(
    manifest: Manifest, inventory: Inventory, artifact: Artifact, soup: SoupFile, epoch: int | None
) -> _Document:
    manufacturer = soup.manufacturer or UNKNOWN
    properties = {
        "author-of-sbom-data": f"{soup.manufacturer or UNKNOWN}, by biot-plugin-kit {builder.__version__}",
        "generation-context": "build: written with the artifact, from the packages that went in"
        if inventory.lists_packages
        else f"build: written with the artifact, from {'the ZIP' if manifest.prebuilt else 'the Dockerfile'}",
        "runtime": manifest.plugin.runtime or UNKNOWN,
        "operating-system": manifest.runtime.operating_system,
        "tree-digest": artifact.tree_digest,
    }
    if not inventory.lists_packages:
        reason = (
            "another tool built the ZIP" if manifest.prebuilt else "a Docker engine installed what the Dockerfile names"
        )
        properties["packages"] = f"{UNKNOWN}: {reason}"
    time: _Document = {}
    if epoch is None:
        properties["timestamp"] = f"{UNKNOWN}: left out so that one build has one SBOM; see the provenance statement"
    else:
        time["timestamp"] = datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")
    tool = {"type": "application", "name": "biot-plugin-kit", "version": builder.__version__}
    plugin = inventory.plugin
    return {
        **time,
        "lifecycles": [{"phase": "build"}],
        "tools": {"components": [tool]},
        "authors": [{"name": manufacturer}],
        "component": {
            "type": "application",
            "bom-ref": plugin.ref,
            "supplier": {"name": manufacturer},
            "name": plugin.name,
            "version": plugin.version,
            "description": plugin.facts.description,
            "hashes": [{"alg": "SHA-256", "content": artifact.sha256}],
            "purl": plugin.purl,
            "evidence": _occurrences(plugin.files),
        },
        "supplier": {"name": manufacturer},
        "properties": _properties(properties),
    }


def _package(component: Component, soup: SoupFile) -> _Document:
    cells = soup.cells_of(component.name)
    properties = {"support": cells.get("support") or UNKNOWN}
    properties |= {"built-from-source": component.source} if component.source else {}
    properties |= {"sbom-not-understood": ", ".join(component.unread)} if component.unread else {}
    document = _common_fields(component, cells.get("manufacturer") or component.facts.supplier or UNKNOWN)
    document["properties"] = [
        *_properties(properties),
        {"name": END_OF_SUPPORT, "value": cells.get("end-of-support") or UNKNOWN},
    ]
    if component.inside:
        document["components"] = [_nested(nested, soup) for nested in component.inside]
    if component.files:
        document["evidence"] = _occurrences(component.files)
    return document


def _nested(component: Component, soup: SoupFile) -> _Document:
    cells = soup.cells_of(component.name)
    document = _common_fields(component, cells.get("manufacturer") or component.facts.supplier or UNKNOWN)
    document["properties"] = [
        *_properties({"support": cells.get("support") or UNKNOWN}),
        {"name": END_OF_SUPPORT, "value": cells.get("end-of-support") or UNKNOWN},
    ]
    return document


def _common_fields(component: Component, supplier: str) -> _Document:
    document: _Document = {
        "type": component.kind,
        "bom-ref": component.ref,
        "supplier": {"name": supplier},
        "name": component.name,
        "version": component.version or UNKNOWN,
    }
    if component.facts.description:
        document["description"] = component.facts.description
    if component.hashes:
        document["hashes"] = [{"alg": algorithm, "content": digest} for algorithm, digest in component.hashes]
    document["licenses"] = _licences(component.facts)
    if component.purl:
        document["purl"] = component.purl
    if component.facts.homepage.startswith(("https://", "http://")) and not set(component.facts.homepage) & set(' <>"'):
        document["externalReferences"] = [{"type": "website", "url": component.facts.homepage}]
    return document


def _licences(facts: PackageFacts) -> list[_Document]:
    if facts.licence:
        return [{"expression": facts.licence}]
    return [{"license": {"name": name}} for name in facts.licence_names or (UNKNOWN,)]


def _occurrences(files: Iterable[str]) -> _Document:
    return {"occurrences": [{"location": path} for path in files]}


def _properties(values: dict[str, str]) -> list[_Document]:
    return [{"name": f"{PREFIX}:{name}", "value": value} for name, value in values.items()]


def _compositions(inventory: Inventory) -> list[_Document]:
    """How complete the lists are.

    The artifact's is complete, unless a Docker engine built it; only its authors know what is compiled into a package.
    """
    own = "complete" if inventory.lists_packages else "incomplete"
    compositions: list[_Document] = [
        {"aggregate": own, "assemblies": [inventory.plugin.ref], "dependencies": sorted(inventory.requires)}
    ]
    for aggregate, has_nested in (("incomplete", True), ("unknown", False)):
        refs = [package.ref for package in inventory.packages if bool(package.inside) is has_nested]
        if refs:
            compositions.append({"aggregate": aggregate, "assemblies": refs})
    return compositions
