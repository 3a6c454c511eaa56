"""Read the parts of a CycloneDX file that the kit uses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import VerificationError
from builder.evidence.sbom.cyclonedx import UNLISTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEEPEST = 16
"""Levels of components inside components that are read."""


class SbomComponent(Struct, frozen=True, kw_only=True):
    """One component of an SBOM; texts are empty where the SBOM has none.

    Attributes:
        name: As written.
        version: As written.
        purl: Package URL.
        licence: As text for people.
        inside: ``name version`` of the component that contains it.
    """

    name: str
    version: str
    purl: str
    licence: str
    inside: str = ""

    @property
    def label(self) -> str:
        """Name and version, and the component that contains it."""
        return f"{self.name} {self.version}".strip() + (f" inside {self.inside}" if self.inside else "")


class Sbom(Struct, frozen=True, kw_only=True):
    """An SBOM.

    Attributes:
        artifact_sha256: Hex digest of the artifact that it describes; empty without one.
        components: All components; nested ones follow the component that contains them.
        lists_packages: False when the kit wrote it for an image from a Dockerfile or a ZIP of another tool, whose
            packages it does not know.
    """

    artifact_sha256: str
    components: tuple[SbomComponent, ...]
    lists_packages: bool = True


def read_sbom_file(file: Path) -> Sbom:
    """Read a CycloneDX SBOM in JSON, of this kit or of another tool.

    Raises:
        VerificationError: It cannot be read, or is not a CycloneDX SBOM.
    """
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        raise VerificationError(msg, hint="Check the path.") from error
    except (ValueError, RecursionError) as error:
        msg = f"{file} is not JSON."
        raise VerificationError(msg, hint="Give a ZIP of this kit, or an SBOM in CycloneDX JSON.") from error
    if not isinstance(document, dict) or document.get("bomFormat") != "CycloneDX":
        msg = f"{file} is not a CycloneDX SBOM."
        raise VerificationError(msg, hint="Give a ZIP of this kit, or an SBOM in CycloneDX JSON.")
    described = _table(_table(document.get("metadata")).get("component"))
    hashes = {
        _text(_table(one).get("alg")): _text(_table(one).get("content")) for one in _list(described.get("hashes"))
    }
    properties = {_text(_table(one).get("name")) for one in _list(_table(document.get("metadata")).get("properties"))}
    return Sbom(
        artifact_sha256=hashes.get("SHA-256", ""),
        components=tuple(_components(document.get("components"), "", 0)),
        lists_packages=UNLISTED not in properties,
    )


def _components(listed: object, inside: str, depth: int) -> Iterator[SbomComponent]:
    for table in map(_table, _list(listed)):
        component = SbomComponent(
            name="/".join(part for part in (_text(table.get("group")), _text(table.get("name"))) if part),
            version=_text(table.get("version")),
            purl=_text(table.get("purl")),
            licence=", ".join(filter(None, map(_licence, _list(table.get("licenses"))))),
            inside=inside,
        )
        yield component
        if depth < DEEPEST:
            yield from _components(table.get("components"), f"{component.name} {component.version}".strip(), depth + 1)


def _licence(value: object) -> str:
    table = _table(value)
    licence = _table(table.get("license"))
    return _text(table.get("expression") or licence.get("id") or licence.get("name"))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
