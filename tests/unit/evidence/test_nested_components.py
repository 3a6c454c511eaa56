"""SBOMs inside packages: a few fields are used, each checked, so that none can break the kit's SBOM."""

from __future__ import annotations

import json
from typing import Any

import pytest

from builder.evidence.sbom.nested_components import read_sbom


def read(document: object) -> list[tuple[str, str, str]] | None:
    found = read_sbom(json.dumps(document).encode())
    return None if found is None else [(one.name, one.version, one.purl) for one in found]


def test_cyclonedx_is_read_with_nested_components() -> None:
    inner = {"name": "b", "group": "@g", "purl": "pkg:npm/%40g/b@1", "version": "1"}
    document = {
        "bomFormat": "CycloneDX",
        "components": [{"name": "a", "components": [inner]}, {"type": "file", "name": "f"}],
    }
    assert read(document) == [("a", "", ""), ("@g/b", "1", "pkg:npm/%40g/b@1")]


def test_spdx_is_read() -> None:
    package = {
        "name": "zlib",
        "versionInfo": "1.3",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "Zlib",
        "externalRefs": [{"referenceLocator": "cpe:2.3:a"}, {"referenceLocator": "pkg:generic/zlib@1.3"}],
    }
    data = json.dumps({"spdxVersion": "SPDX-2.3", "packages": [package]}).encode()
    found = read_sbom(data)
    assert found is not None
    assert (found[0].name, found[0].purl, found[0].facts.licence) == ("zlib", "pkg:generic/zlib@1.3", "Zlib")


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[]", b"{}", b'{"bomFormat": "Other"}', b"<bom/>", b"[" * 100_000, b'{"spdxVersion": 3}']
)
def test_an_unknown_document_differs_from_an_empty_one(data: bytes) -> None:
    assert read_sbom(data) is None


@pytest.mark.parametrize(
    "component",
    [
        {"name": ["x"]},
        {"name": "a", "version": 3, "purl": "javascript:1", "hashes": "x", "licenses": {"a": 1}},
        {"name": "a", "hashes": [{"alg": "SHA-256", "content": "xyz"}, {"alg": "MD5"}], "purl": "pkg:a b"},
        {"name": "a", "licenses": [{"license": "MIT"}, 3]},
    ],
)
def test_fields_of_a_wrong_type_are_ignored(component: dict[str, Any]) -> None:
    found = read_sbom(json.dumps({"bomFormat": "CycloneDX", "components": [component]}).encode())
    assert found is not None
    assert all((one.name, one.purl, one.hashes) == ("a", "", ()) for one in found)


def test_endless_nesting_is_cut() -> None:
    deep: dict[str, Any] = {"name": "x"}
    for _ in range(200):
        deep = {"name": "x", "components": [deep]}
    found = read({"bomFormat": "CycloneDX", "components": [deep]})
    assert found is not None
    assert len(found) < 20
