"""The dependency graph: markers and extras for the runtime, and Node's search in node_modules."""

from __future__ import annotations

import pytest

from builder.evidence.sbom.dependency_graph import ROOT, npm_graph, python_graph
from builder.evidence.sbom.purl import npm_purl, parse_purl, pypi_purl
from builder.platform.runtimes import RUNTIMES

NEEDS = {
    "a": ["b>=1", 'win; sys_platform == "win32"', 'c; python_version < "3.12"', 'd; extra == "more"', "gone"],
    "b": ["not a requirement !!", 'c; extra == "x" or python_version >= "3.11"'],
    "c": [],
    "d": ["A"],
    "win": [],
}


def test_markers_are_evaluated_for_the_runtime() -> None:
    old = python_graph(NEEDS, ["a", "B"], RUNTIMES["python3.11"])
    new = python_graph(NEEDS, ["a", "B"], RUNTIMES["python3.13"])
    assert old[ROOT] == ("a", "b")
    assert old["a"] == ("b", "c")
    assert new["a"] == ("b",)
    assert new["b"] == ("c",)
    assert new["win"] == ()


def test_an_extra_counts_only_for_the_package_that_requires_it() -> None:
    assert python_graph(NEEDS, ["a[more]"], RUNTIMES["python3.13"])["a"] == ("b", "d")
    assert python_graph(NEEDS, ["d"], RUNTIMES["python3.13"])["a"] == ("b",)


def test_a_cycle_ends() -> None:
    graph = python_graph({"a": ["b"], "b": ["a"]}, ["a"], RUNTIMES["python3.13"])
    assert graph == {ROOT: ("a",), "a": ("b",), "b": ("a",)}


def test_node_takes_the_nearest_package() -> None:
    places = {"node_modules/a": "a 1", "node_modules/a/node_modules/b": "b 2", "node_modules/b": "b 1"}
    graph = npm_graph({"a 1": ["b", "missing"], "b 1": [], "b 2": ["a"]}, places, ["a", "b"])
    assert graph == {ROOT: ("a 1", "b 1"), "a 1": ("b 2",), "b 1": (), "b 2": ("a 1",)}


@pytest.mark.parametrize(
    ("purl", "parts"),
    [
        (pypi_purl("a-b", "1!2.0+cpu"), ("pypi", "a-b", "1!2.0+cpu")),
        (npm_purl("@scope/name", "1.0.0-rc.1"), ("npm", "@scope/name", "1.0.0-rc.1")),
        ("pkg:npm/@scope/name", ("npm", "@scope/name", "")),
        ("pkg:cargo/asn1@0.24.1?checksum=sha256:1@2#src", ("cargo", "asn1", "0.24.1")),
        ("http://example.com", None),
        ("pkg:pypi", None),
        ("", None),
    ],
)
def test_a_purl_is_parsed(purl: str, parts: tuple[str, str, str] | None) -> None:
    assert parse_purl(purl) == parts
