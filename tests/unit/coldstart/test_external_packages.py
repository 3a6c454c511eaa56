"""Which packages stay outside of the bundled script."""

from __future__ import annotations

import pytest

from builder.coldstart.bundling import external_packages, native_packages, package_of

PATHS = [
    "index.js",
    "node_modules/a/index.js",
    "node_modules/a/node_modules/@s/b/build/b.node",
    "node_modules/c/l.so.4",
]
DEPENDENCIES = {
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


def test_native_code_is_recognized_by_its_files() -> None:
    assert native_packages(PATHS) == {"@s/b", "c"}
    assert native_packages(["data/libfoo.so"]) == frozenset()


def test_packages_that_depend_on_native_code_stay_with_their_dependencies() -> None:
    external = external_packages(frozenset({"@img/sharp-linux-x64", "@img/libvips"}), DEPENDENCIES)

    assert external == DEPENDENCIES.keys() - {"axios", "form-data"}
    assert external_packages(frozenset(), DEPENDENCIES) == frozenset()
