"""The SBOM of an artifact: CycloneDX 1.6, as JSON, the same bytes for the same build.

Written here and not by ``cyclonedx-python-lib``: importing that library alone takes longer than a whole build. The
tests hold what is written against the library's own schemas.

What NTIA (2021), CISA (2025) and FDA (2023, section 524B) ask for is there or told to be unknown:
supplier, name, version, purl, hash, licence, relationships, author, tool, generation context, level of support, end of
support. The time is there when ``SOURCE_DATE_EPOCH`` gives one; else it is told to be left out, because the clock would
make every SBOM of one build another file. The provenance statement beside it has the time in any case.
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
END_OF_SUPPORT = "cdx:lifecycle:milestone:endOfSupport"
"""https://github.com/CycloneDX/cyclonedx-property-taxonomy/blob/main/cdx/lifecycle.md"""

_Document = dict[str, object]


def build_sbom(
    manifest: Manifest, inventory: Inventory, artifact: Artifact, soup: SoupFile, *, epoch: int | None
) -> _Document:
    """Describe an artifact to other people's tools.

    Args:
        manifest: The plugin.
        inventory: What is inside.
        artifact: What was written.
        soup: What people filled in about the packages.
        epoch: Seconds since 1970 that stand for the time of the build, or None when nobody said.
    """
    identity = f"{inventory.plugin.ref} {artifact.tree_digest}"
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, identity)}",
        "version": 1,
        "metadata": _metadata(manifest, inventory, artifact, soup, epoch),
        "components": [_package(one, soup) for one in inventory.packages],
        "dependencies": [{"ref": ref, "dependsOn": list(found)} for ref, found in sorted(inventory.requires.items())],
        "compositions": _compositions(inventory),
    }


def render_sbom(document: _Document) -> bytes:
    """The file's bytes: one component a line, which reads well in a comparison and is written fast."""
    lines = [f"{json.dumps(key)}: {_value(value)}" for key, value in document.items()]
    return printable_json("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _value(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def _metadata(
    manifest: Manifest, inventory: Inventory, artifact: Artifact, soup: SoupFile, epoch: int | None
) -> _Document:
    maker = soup.manufacturer or UNKNOWN
    told = {
        "author-of-sbom-data": f"{soup.manufacturer or UNKNOWN}, by biot-plugin-kit {builder.__version__}",
        "generation-context": "build: written with the artifact, from the packages that went in",
        "runtime": manifest.plugin.runtime or UNKNOWN,
        "operating-system": manifest.runtime.operating_system,
        "tree-digest": artifact.tree_digest,
    }
    time: _Document = {}
    if epoch is None:
        told["timestamp"] = f"{UNKNOWN}: left out so that one build has one SBOM; see the provenance statement"
    else:
        time["timestamp"] = datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")
    tool = {"type": "application", "name": "biot-plugin-kit", "version": builder.__version__}
    plugin = inventory.plugin
    return {
        **time,
        "lifecycles": [{"phase": "build"}],
        "tools": {"components": [tool]},
        "authors": [{"name": maker}],
        "component": {
            "type": "application",
            "bom-ref": plugin.ref,
            "supplier": {"name": maker},
            "name": plugin.name,
            "version": plugin.version,
            "description": plugin.facts.description,
            "hashes": [{"alg": "SHA-256", "content": artifact.sha256}],
            "purl": plugin.purl,
            "evidence": _occurrences(plugin.files),
        },
        "supplier": {"name": maker},
        "properties": _properties(told),
    }


def _package(component: Component, soup: SoupFile) -> _Document:
    filled = soup.of(component.name)
    told = {"support": filled.get("support") or UNKNOWN}
    told |= {"built-from-source": component.source} if component.source else {}
    told |= {"sbom-not-understood": ", ".join(component.unread)} if component.unread else {}
    described = _described(component, filled.get("manufacturer") or component.facts.supplier or UNKNOWN)
    described["properties"] = [
        *_properties(told),
        {"name": END_OF_SUPPORT, "value": filled.get("end-of-support") or UNKNOWN},
    ]
    if component.inside:
        described["components"] = [_inner(one, soup) for one in component.inside]
    if component.files:
        described["evidence"] = _occurrences(component.files)
    return described


def _inner(component: Component, soup: SoupFile) -> _Document:
    filled = soup.of(component.name)
    described = _described(component, filled.get("manufacturer") or component.facts.supplier or UNKNOWN)
    described["properties"] = [
        *_properties({"support": filled.get("support") or UNKNOWN}),
        {"name": END_OF_SUPPORT, "value": filled.get("end-of-support") or UNKNOWN},
    ]
    return described


def _described(component: Component, supplier: str) -> _Document:
    found: _Document = {
        "type": "library",
        "bom-ref": component.ref,
        "supplier": {"name": supplier},
        "name": component.name,
        "version": component.version or UNKNOWN,
    }
    if component.facts.description:
        found["description"] = component.facts.description
    if component.hashes:
        found["hashes"] = [{"alg": algorithm, "content": digest} for algorithm, digest in component.hashes]
    found["licenses"] = _licences(component.facts)
    if component.purl:
        found["purl"] = component.purl
    if component.facts.homepage.startswith(("https://", "http://")) and not set(component.facts.homepage) & set(' <>"'):
        found["externalReferences"] = [{"type": "website", "url": component.facts.homepage}]
    return found


def _licences(facts: PackageFacts) -> list[_Document]:
    if facts.licence:
        return [{"expression": facts.licence}]
    return [{"license": {"name": name}} for name in facts.licence_names or (UNKNOWN,)]


def _occurrences(files: Iterable[str]) -> _Document:
    return {"occurrences": [{"location": path} for path in files]}


def _properties(told: dict[str, str]) -> list[_Document]:
    return [{"name": f"{PREFIX}:{name}", "value": value} for name, value in told.items()]


def _compositions(inventory: Inventory) -> list[_Document]:
    """How complete the lists are: the artifact's is; what is compiled into a package is known from its authors only."""
    found: list[_Document] = [
        {"aggregate": "complete", "assemblies": [inventory.plugin.ref], "dependencies": sorted(inventory.requires)}
    ]
    for aggregate, told in (("incomplete", True), ("unknown", False)):
        refs = [one.ref for one in inventory.packages if bool(one.inside) is told]
        if refs:
            found.append({"aggregate": aggregate, "assemblies": refs})
    return found
