"""Which packages stay beside the one file of scripts."""

from __future__ import annotations

import pytest

from builder.coldstart.bundling import external_packages, native_packages, package_of

PATHS = [
    "index.js",
    "node_modules/a/index.js",
    "node_modules/a/node_modules/@s/b/build/b.node",
    "node_modules/c/l.so.4",
]
ASKS = {
    "sharp": frozenset({"@img/sharp-linux-x64", "detect-libc"}),
    "@img/sharp-linux-x64": frozenset({"@img/libvips"}),
    "@img/libvips": frozenset[str](),
    "detect-libc": frozenset[str](),
    "thumbnails": frozenset({"sharp", "left-pad"}),
    "left-pad": frozenset[str](),
    "axios": frozenset({"form-data"}),
    "form-data": frozenset[str](),
}


@pytest.mark.parametrize(
    ("path", "package"),
    [("index.js", ""), ("node_modules/a/x.js", "a"), ("node_modules/a/node_modules/@s/b/x.js", "@s/b")],
)
def test_a_path_belongs_to_the_innermost_package(path: str, package: str) -> None:
    assert package_of(path) == package


def test_native_code_is_known_by_its_file() -> None:
    assert native_packages(PATHS) == {"@s/b", "c"}
    assert native_packages(["data/libfoo.so"]) == frozenset()


def test_what_leads_to_native_code_stays_with_all_it_needs_and_the_rest_goes_into_the_file() -> None:
    kept = external_packages(frozenset({"@img/sharp-linux-x64", "@img/libvips"}), ASKS)

    assert kept == ASKS.keys() - {"axios", "form-data"}
    assert external_packages(frozenset(), ASKS) == frozenset()
