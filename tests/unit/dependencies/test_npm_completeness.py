"""Incomplete npm locks and their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.dependencies.npm.npm_completeness import may_run_on_lambda, unmet_requirements

if TYPE_CHECKING:
    from builder.dependencies.npm.npm_graph import Entries

SUM = "sha512-" + "A" * 86 + "=="


def entry(version: object = "1.0.0", **fields: object) -> dict[str, object]:
    return {"version": version, "integrity": SUM, **fields}


def messages(
    entries: Entries,
    package: dict[str, object] | None = None,
    *,
    allowed: tuple[str, ...] = (),
    peers: bool = True,
) -> list[str]:
    described = package if package is not None else entries[""]
    return [one.message for one in unmet_requirements(entries, described, allowed=allowed, peers=peers)]


def tree(**fields: object) -> Entries:
    return {
        "": {"dependencies": {"a": "^1.0.0"}},
        "node_modules/a": entry(**fields),
        "node_modules/b": entry("2.0.0"),
    }


def test_a_complete_lock_has_no_unmet_requirements() -> None:
    assert messages(tree(dependencies={"b": "2"}, peerDependencies={"b": ">=1"})) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dependencies": {"c": "^1"}}, "a 1.0.0 requires c@^1, which is missing in package-lock.json."),
        ({"dependencies": {"b": "^1"}}, "a 1.0.0 requires b@^1, but package-lock.json has b 2.0.0."),
        ({"peerDependencies": {"c": "*"}}, "a 1.0.0 requires c@*, which is missing in package-lock.json."),
        ({"peerDependencies": {"b": "^1"}}, "a 1.0.0 requires b@^1, but package-lock.json has b 2.0.0."),
        ({"optionalDependencies": {"b": "^1"}}, "a 1.0.0 requires b@^1, but package-lock.json has b 2.0.0."),
        ({"dependencies": {"b": "npm:c@2"}}, "a 1.0.0 requires b@npm:c@2, but package-lock.json has b 2.0.0."),
        ({"version": "2.0.0"}, "package.json requires a@^1.0.0, but package-lock.json has a 2.0.0."),
        ({"name": "other"}, "package.json requires a@^1.0.0, but package-lock.json has other 1.0.0."),
    ],
)
def test_missing_and_unsuitable_packages_are_named_with_what_requires_them(
    fields: dict[str, object], message: str
) -> None:
    assert messages(tree(**fields)) == [message]


@pytest.mark.parametrize(
    "fields",
    [
        {"peerDependencies": {"c": "*"}, "peerDependenciesMeta": {"c": {"optional": True}}},
        {"peerDependencies": {"b": "^1"}, "peerDependenciesMeta": {"b": {"optional": True}}},
        {"dependencies": {"c": "1"}, "bundleDependencies": ["c"]},
        {"optionalDependencies": {"a-darwin-arm64": "1", "fsevents": "2", "a-linuxmusl-x64": "1"}},
        {"dependencies": {"b": "latest"}},
        {"dependencies": {"c": "1"}, "acceptDependencies": {"b": "3"}, "bundleDependencies": True},
        {"devDependencies": {"c": "1"}},
    ],
)
def test_packages_that_npm_does_not_need_may_be_missing(fields: dict[str, object]) -> None:
    assert messages(tree(**fields)) == []


def test_a_lock_of_another_platform_names_the_packages_and_two_fixes() -> None:
    entries = tree(optionalDependencies={"@a/linux-x64": "1.0.0", "@a/darwin-arm64": "1.0.0"})
    entries["node_modules/@a/darwin-arm64"] = entry(os=["darwin"], optional=True)
    (problem,) = unmet_requirements(entries, entries[""])
    assert problem.message == (
        "a 1.0.0 has an optional dependency on @a/linux-x64@1.0.0, which is missing in package-lock.json."
    )
    assert "biot-plugin lock" in problem.hint
    assert problem.setting == '[build.allow-missing]\n"@a/linux-x64" = "why"'
    assert messages(entries, allowed=("@a/linux-x64",)) == []


def test_packages_for_other_platforms_may_be_missing() -> None:
    entries = tree(optionalDependencies={"mac": "1"})
    entries["node_modules/mac"] = entry(os=["darwin"], optional=True, dependencies={"only-mac": "1", "gone": "1"})
    entries["node_modules/only-mac"] = entry(optional=True, dependencies={"gone": "1"})
    assert messages(entries) == []


def test_development_packages_are_checked_as_in_npm() -> None:
    entries: Entries = {
        "": {"devDependencies": {"tool": "1"}},
        "node_modules/tool": entry(dev=True, dependencies={"gone": "1"}),
    }
    assert messages(entries) == ["tool 1.0.0 requires gone@1, which is missing in package-lock.json."]


def test_the_nearest_copy_is_checked() -> None:
    entries = tree(dependencies={"b": "^1"})
    entries["node_modules/a/node_modules/b"] = entry("1.5.0")
    assert messages(entries) == []


def peer_conflict(place: str) -> Entries:
    return {
        "": {"dependencies": {"react": "^17", "a": "1"} | ({"dom": "1"} if place == "node_modules/dom" else {})},
        "node_modules/react": entry("17.0.0"),
        "node_modules/a": entry(dependencies={"dom": "1"}),
        place: entry(peerDependencies={"react": "^18"}),
    }


def test_peer_conflicts_are_errors_only_for_direct_dependencies_as_in_npm() -> None:
    direct = peer_conflict("node_modules/dom")
    assert messages(direct) == ["dom 1.0.0 requires react@^18, but package-lock.json has react 17.0.0."]
    assert messages(direct, peers=False) == []
    assert messages(peer_conflict("node_modules/a/node_modules/dom")) == []


@pytest.mark.parametrize(
    ("overrides", "version", "met"),
    [
        ({"b": "3.0.0"}, "3.0.0", True),
        ({"b": "3.0.0"}, "2.0.0", False),
        ({}, "3.0.0", False),
        ({"b": "npm:c@3.0.0"}, "3.0.0", False),
        ({"b@1": "3.0.0"}, "2.0.0", True),
        ({"b@2": "3.0.0"}, "3.0.0", True),
        ({"b@2": "3.0.0"}, "2.0.0", False),
        ({"a": {"b": "3.0.0"}}, "3.0.0", True),
        ({"other": {"b": "3.0.0"}}, "3.0.0", False),
        ({"a@2": {"b": "3.0.0"}}, "3.0.0", False),
        ({"a": {".": "1.0.0", "b": "3.0.0"}}, "2.0.0", False),
        ({"b": ""}, "2.0.0", True),
        ({"b": "$direct"}, "3.0.0", True),
        ({"b": "$direct"}, "2.0.0", False),
    ],
)
def test_overrides_are_read_from_package_json_and_not_from_the_lock(
    overrides: dict[str, object], version: str, met: bool
) -> None:
    root: dict[str, object] = {"dependencies": {"a": "1.0.0"}, "devDependencies": {"direct": "^3.0.0"}}
    entries: Entries = {
        "": root,
        "node_modules/a": entry(dependencies={"b": "^2.0.0"}),
        "node_modules/b": entry(version),
        "node_modules/direct": entry("3.1.0", dev=True),
    }
    assert (messages(entries, {**root, "overrides": overrides}) == []) is met


def test_an_override_that_contradicts_package_json_is_refused() -> None:
    entries = tree()
    (message,) = messages(entries, {**entries[""], "overrides": {"a": "1.0.0"}})
    assert message == "package.json requires a@^1.0.0, but its overrides say a@1.0.0."
    assert messages(entries, {**entries[""], "overrides": {"a": "^1.0.0"}}) == []
    assert messages(entries, {**entries[""], "overrides": {"a": "$a"}}) == []


def test_a_package_with_its_own_lock_is_not_checked() -> None:
    entries = tree(hasShrinkwrap=True, dependencies={"c": "^1"})
    entries["node_modules/a/node_modules/c"] = entry("2.0.0")
    assert messages(entries) == []


@pytest.mark.parametrize(
    "name", ["@esbuild/linux-x64", "@img/sharp-libvips-linux-x64", "charm", "bufferutil", "x-x86_64"]
)
def test_names_of_packages_that_may_run_on_lambda(name: str) -> None:
    assert may_run_on_lambda(name)


@pytest.mark.parametrize(
    "name", ["@esbuild/darwin-arm64", "@img/sharp-linuxmusl-x64", "@x/linux-arm64-gnu", "@x/win32-x64", "x-wasm32-wasi"]
)
def test_names_of_packages_for_other_platforms(name: str) -> None:
    assert not may_run_on_lambda(name)


def test_requirements_of_a_folder_outside_the_plugin_are_not_installed_by_npm() -> None:
    entries: Entries = {
        "": {"dependencies": {"out": "file:../out", "b": "2"}},
        "node_modules/out": {"resolved": "../out", "link": True},
        "../out": {"version": "1.0.0", "dependencies": {"b": "2"}},
        "node_modules/b": entry("2.0.0"),
    }
    (problem,) = unmet_requirements(entries, entries[""])
    assert problem.message == (
        "../out 1.0.0 requires b@2, but npm installs nothing for a folder outside the plugin's folder."
    )
    assert "npm pack" in problem.hint
