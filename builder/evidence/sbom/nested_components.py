"""The components inside a package, as its authors list them: SBOMs in wheels (PEP 770), npm packages in npm packages.

Only a few plain fields of these documents are used, each checked, so that a strange SBOM in a wheel
cannot make the kit's SBOM invalid. The SBOM names documents that cannot be understood.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from builder.archive.reader import read_content
from builder.evidence.components import Component, PackageFacts
from builder.evidence.sbom.package_metadata import licence_of, npm_facts, npm_identity
from builder.evidence.sbom.purl import npm_purl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.build_values import Pack

_SBOM = re.compile(r"[^/]+\.dist-info/sboms/.+")
_BUNDLED = re.compile(r"(?:node_modules/(?:@[^/]+/)?[^/]+/)+package\.json")
_PURL = re.compile(r"pkg:[A-Za-z.+-][A-Za-z0-9.+-]*/[^\s\"<>]+")
_HEX = re.compile(r"[0-9a-f]+")
_DIGITS = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128}
_LONGEST = 300

_Table = dict[str, object]


def inside_of(pack: Pack, ref: str) -> tuple[tuple[Component, ...], tuple[str, ...]]:
    """The components that a package lists, and the paths of SBOMs that could not be understood."""
    components: dict[tuple[str, str, str], Component] = {}
    unread: list[str] = []
    for member in pack.members:
        if _SBOM.fullmatch(member.path):
            listed = read_sbom(read_content(pack.file, member))
            if listed is None:
                unread.append(member.path)
        elif pack.package.places != ("",) and _BUNDLED.fullmatch(member.path):
            listed = _bundled(read_content(pack.file, member))
        else:
            continue
        for one in listed or ():
            components.setdefault((one.name, one.version, one.purl), one)
    own = {pack.package.name.lower(), pack.package.name.lower().replace("-", "_")}
    others = [one for key, one in sorted(components.items()) if one.name.lower() not in own]
    numbered = enumerate(others, start=1)
    return tuple(replace(one, ref=f"{ref}#inside-{number}") for number, one in numbered), tuple(unread)


def read_sbom(data: bytes) -> tuple[Component, ...] | None:
    """The components of a CycloneDX or SPDX document in JSON; None for other documents."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    if document.get("bomFormat") == "CycloneDX":
        return tuple(_cyclonedx(document.get("components"), depth=0))
    if str(document.get("spdxVersion", "")).startswith("SPDX-2"):
        return tuple(_spdx(document.get("packages")))
    return None


def _cyclonedx(listed: object, *, depth: int) -> Iterator[Component]:
    for one in _tables(listed):
        name = _text(one.get("name"))
        group = _text(one.get("group"))
        if name and one.get("type") != "file":
            yield Component(
                ref="",
                name=f"{group}/{name}" if group else name,
                version=_text(one.get("version")),
                purl=_purl(one.get("purl")),
                hashes=tuple(_hashes(one.get("hashes"))),
                facts=_licences(one.get("licenses")),
            )
        if depth < 8:  # noqa: PLR2004 - deeper nesting than any tool writes; a hostile file must not recurse for ever
            yield from _cyclonedx(one.get("components"), depth=depth + 1)


def _spdx(listed: object) -> Iterator[Component]:
    for one in _tables(listed):
        name = _text(one.get("name"))
        licences = [_text(one.get(key)) for key in ("licenseConcluded", "licenseDeclared")]
        licence = next((text for text in licences if text not in {"", "NOASSERTION", "NONE"}), "")
        purls = [_purl(reference.get("referenceLocator")) for reference in _tables(one.get("externalRefs"))]
        if name:
            yield Component(
                ref="",
                name=name,
                version=_text(one.get("versionInfo")),
                purl=next((purl for purl in purls if purl), ""),
                facts=_facts([licence] if licence else []),
            )


def _bundled(data: bytes) -> tuple[Component, ...]:
    name, version = npm_identity(data)
    if not name or not version:
        return ()
    return (Component(ref="", name=name, version=version, purl=npm_purl(name, version), facts=npm_facts(data)),)


def _licences(listed: object) -> PackageFacts:
    texts = []
    for one in _tables(listed):
        licence = one.get("license")
        table = licence if isinstance(licence, dict) else {}
        texts.append(_text(one.get("expression") or table.get("id") or table.get("name")))
    return _facts([text for text in texts if text])


def _facts(texts: list[str]) -> PackageFacts:
    if len(texts) == 1:
        licence, names = licence_of(texts[0])
        return PackageFacts(licence=licence, licence_names=names)
    return PackageFacts(licence_names=tuple(texts))


def _hashes(listed: object) -> Iterator[tuple[str, str]]:
    for one in _tables(listed):
        algorithm, digest = _text(one.get("alg")), _text(one.get("content")).lower()
        if len(digest) == _DIGITS.get(algorithm) and _HEX.fullmatch(digest):
            yield algorithm, digest


def _purl(value: object) -> str:
    text = _text(value)
    return text if _PURL.fullmatch(text) else ""


def _tables(value: object) -> list[_Table]:
    return [cast("_Table", one) for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return " ".join(value.split())[:_LONGEST] if isinstance(value, str) else ""
