"""Which entries of a package-lock.json are shipped, and their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.dependencies.npm.npm_graph import is_address
from builder.dependencies.npm.package_lock import (
    fits,
    outdated_names,
    parse_npm_lock,
    production_packages,
    sha512,
    without_addresses,
)
from builder.dependencies.npm.tarball import inner_path
from builder.errors import DependencyError

if TYPE_CHECKING:
    from builder.dependencies.npm.npm_graph import Entries

SUM = "sha512-" + "A" * 86 + "=="
OTHER = "sha512-" + "B" * 86 + "=="


def entry(version: str = "1.0.0", **fields: object) -> dict[str, object]:
    return {"version": version, "integrity": SUM, **fields}


def placed(entries: Entries) -> dict[str, tuple[str, ...]]:
    return {f"{package.name}@{package.version}": package.places for package in production_packages(entries)}


def test_development_and_extraneous_packages_are_left_out() -> None:
    entries: Entries = {
        "": {"dependencies": {"a": "1"}},
        "node_modules/a": entry(),
        "node_modules/b": entry(dev=True),
        "node_modules/c": entry(extraneous=True),
        "node_modules/d": entry(devOptional=True),
    }
    assert list(placed(entries)) == ["a@1.0.0", "d@1.0.0"]


def test_one_package_at_several_places_and_under_an_alias_is_one_pack() -> None:
    entries: Entries = {
        "": {"dependencies": {"a": "1", "alias": "npm:a@1", "@s/b": "1"}},
        "node_modules/a": entry(),
        "node_modules/alias": entry(name="a"),
        "node_modules/@s/b": entry(),
        "node_modules/@s/b/node_modules/a": entry("2.0.0", integrity=OTHER),
    }
    assert placed(entries) == {
        "@s/b@1.0.0": ("node_modules/@s/b",),
        "a@1.0.0": ("node_modules/a", "node_modules/alias"),
        "a@2.0.0": ("node_modules/@s/b/node_modules/a",),
    }


def test_an_optional_package_for_another_platform_is_left_out_with_its_dependencies() -> None:
    entries: Entries = {
        "": {"dependencies": {"a": "1"}},
        "node_modules/a": entry(optionalDependencies={"mac": "1"}, dependencies={"shared": "1"}),
        "node_modules/mac": entry(optional=True, os=["darwin"], dependencies={"only-mac": "1", "shared": "1"}),
        "node_modules/only-mac": entry(optional=True),
        "node_modules/shared": entry(),
    }
    assert list(placed(entries)) == ["a@1.0.0", "shared@1.0.0"]


def test_bundled_dependencies_come_with_their_parent() -> None:
    entries: Entries = {
        "": {"dependencies": {"a": "1"}, "bundleDependencies": ["a"]},
        "node_modules/a": entry(dependencies={"in": "1"}, inBundle=True),
        "node_modules/a/node_modules/in": {"version": "1.0.0", "inBundle": True},
    }
    assert list(placed(entries)) == ["a@1.0.0"]


@pytest.mark.parametrize(
    ("place", "wrong", "spec", "words"),
    [
        ("node_modules/a", entry(resolved="git+ssh://git@host/a.git#1"), "*", "comes from an address"),
        ("node_modules/a", entry(), "https://host/a.tgz", "comes from an address"),
        ("node_modules/a", entry(), "user/repository", "comes from an address"),
        ("node_modules/a", entry("file:a"), "*", "comes from an address"),
        ("node_modules/a", {"version": "1.0.0"}, "*", "has no sha512 integrity"),
        ("node_modules/a", entry(integrity="sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="), "*", "has no sha512 integrity"),
        ("node_modules/a", {"version": "1.0.0", "inBundle": True}, "*", "has no sha512 integrity"),
        ("node_modules/a", entry(os=["win32"]), "*", "not for Lambda's platform"),
        ("node_modules/a/../../../etc", entry(), "*", "not a place or name that npm writes"),
        ("node_modules/..", entry(), "*", "not a place or name that npm writes"),
        ("node_modules/a", entry(name="--registry=x"), "*", "not a place or name that npm writes"),
    ],
)
def test_packages_that_cannot_be_shipped_are_named(place: str, wrong: dict[str, object], spec: str, words: str) -> None:
    entries: Entries = {
        "": {"dependencies": {"a": spec}},
        place: wrong,
        "node_modules/dev": {"dev": True, "link": True},
    }
    with pytest.raises(DependencyError) as caught:
        production_packages(entries)
    (problem,) = caught.value.problems
    assert words in problem.message
    assert problem.hint
    assert problem.key == f'packages["{place}"]'


@pytest.mark.parametrize(
    ("listed", "does"),
    [
        ({}, True),
        ({"os": ["linux"], "cpu": ["x64", "arm64"], "libc": ["glibc"]}, True),
        ({"os": ["any"]}, True),
        ({"os": ["!win32"]}, True),
        ({"os": ["!linux"]}, False),
        ({"os": ["darwin"]}, False),
        ({"cpu": ["arm64"]}, False),
        ({"libc": ["musl"]}, False),
        ({"os": []}, True),
    ],
)
def test_platform_lists_are_read_as_npm_does(listed: dict[str, object], does: bool) -> None:
    assert fits(listed) is does


@pytest.mark.parametrize(
    ("spec", "address"),
    [
        ("^1.2.3", False),
        (">=1 <2 || 3.x", False),
        ("latest", False),
        ("npm:@scope/name@^1", False),
        ("", False),
        ("file:../a", True),
        ("./a", True),
        ("git+https://host/a.git", True),
        ("github:user/a", True),
        ("user/a", True),
        ("user/a#semver:^1", True),
        ("https://host/a.tgz", True),
        ("workspace:*", True),
    ],
)
def test_addresses_and_versions_are_distinguished(spec: str, address: bool) -> None:
    assert is_address(spec) is address


def test_the_strongest_hash_counts() -> None:
    assert sha512({"integrity": f"sha1-xxx {SUM}"}) == SUM
    assert sha512({"integrity": "sha512-short=="}) == ""


def test_package_json_and_lock_are_compared_field_by_field() -> None:
    entries: Entries = {"": {"dependencies": {"a": "1"}, "devDependencies": {"b": "1"}}}
    assert outdated_names(entries, {"dependencies": {"a": "1"}, "devDependencies": {"b": "1"}}) == ()
    assert outdated_names(entries, {"dependencies": {"a": "2", "c": "1"}}) == ("a", "b", "c")


def test_a_version_1_lock_is_refused_and_the_error_names_the_command() -> None:
    with pytest.raises(DependencyError, match="version 1") as caught:
        parse_npm_lock({"lockfileVersion": 1, "dependencies": {}})
    assert "biot-plugin lock" in caught.value.hint


def test_addresses_of_registry_packages_are_removed_and_others_stay() -> None:
    document = {
        "lockfileVersion": 3,
        "packages": {
            "": {"devDependencies": {"t": "https://host/t.tgz"}},
            "node_modules/a": entry(resolved="https://foreign/a.tgz"),
            "node_modules/t": entry(resolved="https://host/t.tgz"),
        },
    }
    kept = parse_npm_lock(without_addresses(document))
    assert "resolved" not in kept["node_modules/a"]
    assert kept["node_modules/t"]["resolved"] == "https://host/t.tgz"


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ("package/a.js", "a.js"),
        ("./package//a/./b.js", "a/b.js"),
        ("beside", ""),
        ("package/../a", None),
        ("/package/a", None),
        ("package/a\\b", None),
        ("package/a\0b", None),
        ("package/" + "a" * 2000, None),
    ],
)
def test_paths_inside_a_tarball(member: str, path: str | None) -> None:
    assert inner_path(member) == path
