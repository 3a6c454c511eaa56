"""The SBOM: valid for other tools, and complete, with gaps marked as unknown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from builder.errors import PackagingError
from tests.support.plugins.cyclonedx_schema import cyclonedx_error
from tests.support.plugins.packaged_evidence import built

if TYPE_CHECKING:
    from pathlib import Path

SOUP = """\
manufacturer = "ACME Medical"
[packages.PKG]
manufacturer = "Jane Ltd"
support = "maintained"
end-of-support = 2030-01-31
[packages.openssl]
support = "by OpenSSL"
"""


def sbom(text: str) -> dict[str, Any]:
    """The document, after the schema of CycloneDX 1.6 was asked."""
    assert cyclonedx_error(text) == ""
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


def properties(component: dict[str, Any]) -> dict[str, str]:
    return {one["name"].removeprefix("biot-plugin-kit:"): one["value"] for one in component["properties"]}


def test_the_sbom_is_valid_and_every_file_belongs_to_one_component(tmp_path: Path) -> None:
    made = built(tmp_path, soup_toml=SOUP)
    document = sbom(made.text(".cdx.json"))
    owners = [document["metadata"]["component"], *document["components"]]
    files = [place["location"] for one in owners for place in one.get("evidence", {}).get("occurrences", ())]
    assert sorted(files) == sorted(entry.path for entry in made.bundle.entries)
    named = {one["name"]: {place["location"] for place in one["evidence"]["occurrences"]} for one in owners}
    assert named["two"] == {"two.py", "two-2.0.dist-info/METADATA", "two-2.0.dist-info/COPYING"}
    assert named["my-plugin"] == {"index.py", "plugin/__init__.py", "data/ü.txt"}


def test_the_fields_that_ntia_cisa_and_fda_require_have_a_value_or_unknown(tmp_path: Path) -> None:
    document = sbom(built(tmp_path).text(".cdx.json"))
    meta = document["metadata"]
    assert meta["tools"]["components"][0]["name"] == "biot-plugin-kit"
    assert meta["lifecycles"] == [{"phase": "build"}]
    assert meta["authors"] == [{"name": "unknown"}]
    values = properties(meta)
    assert {"author-of-sbom-data", "generation-context", "timestamp", "tree-digest", "runtime"} <= values.keys()
    assert values["timestamp"].startswith("unknown")
    assert {one["ref"] for one in document["dependencies"]} == {
        meta["component"]["bom-ref"],
        *(one["bom-ref"] for one in document["components"]),
    }
    for one in document["components"]:
        assert one["supplier"]["name"]
        assert one["version"]
        assert one["purl"].startswith("pkg:pypi/")
        assert one["hashes"] == [{"alg": "SHA-256", "content": "0" * 64}]
        assert one["licenses"]
        assert properties(one)["support"] == "unknown"
        assert properties(one)["cdx:lifecycle:milestone:endOfSupport"] == "unknown"
    bare = next(one for one in document["components"] if one["name"] == "bare")
    assert (bare["supplier"], bare["licenses"]) == ({"name": "unknown"}, [{"license": {"name": "unknown"}}])


def test_the_sbom_has_the_dependencies(tmp_path: Path) -> None:
    document = sbom(built(tmp_path).text(".cdx.json"))
    asked = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    assert asked["pkg:generic/my-plugin@1"] == ["pkg:pypi/pkg@1.0"]
    assert asked["pkg:pypi/pkg@1.0"] == ["pkg:pypi/two@2.0"]
    assert asked["pkg:pypi/two@2.0"] == []


def test_sboms_inside_wheels_are_merged_and_invalid_ones_are_listed(tmp_path: Path) -> None:
    document = sbom(built(tmp_path, soup_toml=SOUP).text(".cdx.json"))
    package = next(one for one in document["components"] if one["name"] == "pkg")
    inside = {one["name"]: one for one in package["components"]}
    assert inside.keys() == {"openssl", "asn1"}
    assert inside["openssl"]["purl"] == "pkg:generic/openssl@3.5.4"
    assert inside["asn1"]["licenses"] == [{"license": {"name": "No-Such"}}]
    assert properties(inside["openssl"])["support"] == "by OpenSSL"
    assert properties(package)["sbom-not-understood"] == "pkg-1.0.dist-info/sboms/odd.json"
    found = {one["aggregate"]: one["assemblies"] for one in document["compositions"]}
    assert found["incomplete"] == ["pkg:pypi/pkg@1.0"]
    assert found["unknown"] == ["pkg:pypi/bare@0.1", "pkg:pypi/two@2.0"]


def test_the_entries_of_soup_toml_are_in_the_sbom(tmp_path: Path) -> None:
    document = sbom(built(tmp_path, soup_toml=SOUP).text(".cdx.json"))
    package = next(one for one in document["components"] if one["name"] == "pkg")
    assert document["metadata"]["supplier"] == {"name": "ACME Medical"}
    assert package["supplier"] == {"name": "Jane Ltd"}
    assert properties(package)["support"] == "maintained"
    assert properties(package)["cdx:lifecycle:milestone:endOfSupport"] == "2030-01-31"


def test_source_date_epoch_sets_the_time(tmp_path: Path) -> None:
    document = sbom(built(tmp_path, {"SOURCE_DATE_EPOCH": "1700000000"}).text(".cdx.json"))
    assert document["metadata"]["timestamp"] == datetime.fromtimestamp(1700000000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "timestamp" not in properties(document["metadata"])


@pytest.mark.parametrize("text", ["yesterday", "-1", "1.5", "9" * 20, "१"])
def test_an_invalid_source_date_epoch_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PackagingError, match="SOURCE_DATE_EPOCH"):
        built(tmp_path, {"SOURCE_DATE_EPOCH": text})


def test_the_serial_number_follows_from_the_plugin_and_its_files(tmp_path: Path) -> None:
    one, again = (sbom(built(tmp_path / name).text(".cdx.json")) for name in ("one", "again"))
    other = sbom(built(tmp_path / "other", packages={}).text(".cdx.json"))
    assert one["serialNumber"] == again["serialNumber"] != other["serialNumber"]
