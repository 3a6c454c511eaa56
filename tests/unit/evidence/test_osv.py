"""Version ranges of OSV, by the rules of each ecosystem."""

from __future__ import annotations

from typing import Any

import pytest

from builder.evidence.audit.osv import AuditedPackage, affects, audited_package, matching_advisories
from builder.evidence.audit.version_order import pep440_key, semver_key

ORDERED = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.2",
    "1.10.0",
    "2",
]


def subject(version: str, kind: str = "pypi", name: str = "a-b") -> AuditedPackage:
    found = audited_package(f"pkg:{kind}/{name}@{version}", f"{name} {version}")
    assert found is not None
    return found


def test_semantic_versions_are_ordered_as_their_specification_says() -> None:
    keys = [semver_key(version) for version in ORDERED]
    assert None not in keys
    assert keys == sorted(keys, key=lambda key: key or ())
    assert len(set(keys)) == len(keys)
    assert semver_key("v1.2.3+build.5") == semver_key("1.2.3")


@pytest.mark.parametrize("version", ["", "latest", "1.2.3.4", "1.x", "1" * 200, "¹.0.0"])
def test_text_that_is_not_a_version_is_not_compared(version: str) -> None:
    assert semver_key(version) is None
    assert audited_package(f"pkg:npm/a@{version}", "a") is None


def test_pythons_versions_are_ordered_as_pep_440_says() -> None:
    ordered = ["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.0.1", "1.10", "1!0.1"]
    keys = [pep440_key(version) for version in ordered]
    assert keys == sorted(keys, key=lambda key: key or ())
    assert pep440_key("1.0") == pep440_key("1.0.0")
    assert pep440_key("x") is None


INTRODUCED, FIXED, LAST, LIMIT = "introduced", "fixed", "last_affected", "limit"


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ([(INTRODUCED, "0"), (FIXED, "1.10")], ["0.1", "1.9", "1.10rc1"], ["1.10", "1.10.0", "2"]),
        ([(INTRODUCED, "0")], ["0", "0.0.dev1", "99"], []),
        ([(INTRODUCED, "1.0"), (LAST, "1.0")], ["1.0", "1"], ["0.9", "1.0.1", "2.0"]),
        ([(FIXED, "2.1"), (INTRODUCED, "2.0"), (FIXED, "1.1"), (INTRODUCED, "1.0")], ["1.0", "2.0.5"], ["1.5", "2.1"]),
        ([(INTRODUCED, "1"), (FIXED, "2"), (LIMIT, "1.5")], ["1.4"], ["1.5", "1.6"]),
        ([(INTRODUCED, "1"), (LIMIT, "*")], ["1.4"], ["0.9"]),
        ([(INTRODUCED, "1"), (FIXED, "garbage")], ["3"], ["0.1"]),
        ([], [], ["1"]),
    ],
)
def test_a_range_contains_the_versions_between_its_events(
    events: list[tuple[str, str]], inside: list[str], outside: list[str]
) -> None:
    affected = {"ranges": [{"type": "ECOSYSTEM", "events": [dict([event]) for event in events]}]}
    assert [version for version in inside if not affects(affected, subject(version))] == []
    assert [version for version in outside if affects(affected, subject(version))] == []


def test_npm_ranges_know_pre_releases() -> None:
    affected = {"ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "2.0.0-rc.1"}]}]}
    assert affects(affected, subject("2.0.0-beta.9", "npm"))
    assert not affects(affected, subject("2.0.0-rc.1", "npm"))
    assert not affects(affected, subject("1.0.0-rc.1", "npm"))


def test_listed_versions_count_beside_ranges_and_commits_do_not() -> None:
    affected = {
        "versions": ["1.0.0", 3],
        "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}, {"type": "ECOSYSTEM", "events": "odd"}],
    }
    assert affects(affected, subject("1.0"))
    assert not affects(affected, subject("1.1"))


def entry(**more: object) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": "A_B"}
    events = [{"introduced": "0"}, {"fixed": "2.0"}, {"introduced": "3.0"}, {"fixed": "3.1"}]
    affected = [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
    return {"id": "GHSA-1", "aliases": ["CVE-2"], "affected": affected, **more}


def test_names_are_compared_as_their_ecosystem_does() -> None:
    one = subject("1.0")
    subjects = {(one.ecosystem, one.name): [one]}
    (found,) = matching_advisories(entry(summary="Bad\n things", database_specific={"severity": "HIGH"}), subjects)
    assert (found.id, found.aliases, found.summary, found.severity) == ("GHSA-1", ("CVE-2",), "Bad things", "HIGH")
    assert found.fixed == ("2.0", "3.1")
    other = subject("1.0", "npm", "A_B")
    assert list(matching_advisories(entry(), {(other.ecosystem, other.name): [other]})) == []


def test_a_withdrawn_entry_affects_nothing() -> None:
    one = subject("1.0")
    assert list(matching_advisories(entry(withdrawn="2026-01-01T00:00:00Z"), {(one.ecosystem, one.name): [one]})) == []


@pytest.mark.parametrize("purl", ["", "pkg:generic/openssl@3", "pkg:pypi/a", "pkg:pypi/a@not-a-version", "x"])
def test_a_component_that_cannot_be_looked_up_is_none(purl: str) -> None:
    assert audited_package(purl, "a") is None


@pytest.mark.parametrize(
    "affected", [3, [3], [{"package": 3}], [{"package": {"ecosystem": "PyPI", "name": "a-b"}, "ranges": 3}]]
)
def test_an_entry_with_another_structure_affects_nothing(affected: object) -> None:
    one = subject("1.0")
    assert list(matching_advisories({"id": "x", "affected": affected}, {(one.ecosystem, one.name): [one]})) == []
