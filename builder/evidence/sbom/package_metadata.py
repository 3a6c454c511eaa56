"""The facts in a package's metadata: ``METADATA`` of a wheel, ``package.json`` of an npm package."""

from __future__ import annotations

import json
import re

from builder.evidence.components import PackageFacts

_LICENCE_CLASSIFIER = "License :: "
_LONGEST_NAME = 100
_FIELDS = ("dependencies", "optionalDependencies", "peerDependencies")


def wheel_facts(fields: dict[str, list[str]]) -> PackageFacts:
    """The facts in the header fields of core metadata (PEP 566 and later)."""
    licence, names = wheel_licence(fields)
    return PackageFacts(
        licence=licence,
        licence_names=names,
        supplier=_supplier(fields),
        homepage=_homepage(fields),
        description=_first(fields, "summary"),
        needs=tuple(fields.get("requires-dist", ())),
    )


def wheel_licence(fields: dict[str, list[str]]) -> tuple[str, tuple[str, ...]]:
    """(SPDX expression, names): ``License-Expression``, else ``License``, else the classifiers."""
    expression = _first(fields, "license-expression")
    if expression:
        return licence_of(expression)
    text = _first(fields, "license")
    if text and "\n" not in text and len(text) <= _LONGEST_NAME:
        return licence_of(text)
    classifiers = [one for one in fields.get("classifier", ()) if one.startswith(_LICENCE_CLASSIFIER)]
    names = tuple(sorted({one.rpartition(" :: ")[2] for one in classifiers} - {"OSI Approved"}))
    return "", names or ((text.splitlines()[0][:_LONGEST_NAME],) if text else ())


def licence_of(text: str) -> tuple[str, tuple[str, ...]]:
    """(SPDX expression, names): an expression only when SPDX knows every part of it."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(text)), ()
    except InvalidLicenseExpression:
        return "", (text,)


def npm_facts(data: bytes) -> PackageFacts:
    """The facts in a ``package.json``; fields of a wrong type are ignored, because npm's registry accepts them."""
    try:
        document = json.loads(data)
    except ValueError:
        return PackageFacts()
    if not isinstance(document, dict):
        return PackageFacts()
    licence, names = _npm_licence(document)
    repository = document.get("repository")
    needs = {str(name) for field in _FIELDS for name in _table(document.get(field))}
    return PackageFacts(
        licence=licence,
        licence_names=names,
        supplier=_person(document.get("author")),
        homepage=_text(document.get("homepage")) or _text(_table(repository).get("url") or repository),
        description=_text(document.get("description")),
        needs=tuple(sorted(needs)),
    )


def npm_identity(data: bytes) -> tuple[str, str]:
    """Name and version in a ``package.json``; empty when they are missing."""
    try:
        document = json.loads(data)
    except ValueError:
        return "", ""
    table = _table(document)
    return _text(table.get("name")), _text(table.get("version"))


def _npm_licence(document: dict[str, object]) -> tuple[str, tuple[str, ...]]:
    single, several = document.get("license"), document.get("licenses")
    values = several if single is None and isinstance(several, list) else [single]
    names = [name for value in values if (name := _text(_table(value).get("type") or value))]
    if len(names) == 1:
        return licence_of(names[0])
    return "", tuple(names)


def _person(value: object) -> str:
    text = _text(_table(value).get("name") or value)
    return re.sub(r"\s*[<(].*", "", text).strip()


def _supplier(fields: dict[str, list[str]]) -> str:
    for key in ("author", "maintainer"):
        if _first(fields, key):
            return _first(fields, key).splitlines()[0]
    for key in ("author-email", "maintainer-email"):
        address = _first(fields, key)
        if address:
            named = re.findall(r'"?([^<>",]+?)"?\s*<', address)
            return ", ".join(name.strip() for name in named if name.strip()) or address
    return ""


def _homepage(fields: dict[str, list[str]]) -> str:
    if _first(fields, "home-page"):
        return _first(fields, "home-page")
    urls = {}
    for line in fields.get("project-url", ()):
        label, _, url = line.partition(",")
        urls[re.sub(r"[^a-z]", "", label.lower())] = url.strip()
    preferred = ("homepage", "home", "source", "sourcecode", "repository", "documentation")
    return next((urls[label] for label in preferred if label in urls), next(iter(urls.values()), ""))


def _first(fields: dict[str, list[str]], key: str) -> str:
    value = next(iter(fields.get(key, ())), "")
    return "" if value.upper() == "UNKNOWN" else value


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
