"""Nothing in a JavaScript plugin's repository can choose another registry or run code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from builder.dependencies import collect, read_lock, write_lock
from builder.errors import DependencyError
from builder.progress import SilentProgress
from tests.support.plugins.stage_inputs import RecordedProgress, plugin

if TYPE_CHECKING:
    from pathlib import Path

    from builder.dependencies import Store
    from tests.support.servers.package_registries import NpmRegistry, Registry

QUIET = SilentProgress()

ADDRESSES = (
    *(
        "git+https://{canary}/a.git",
        "git+http://{canary}/a.git#main",
        "git+ssh://git@{canary}/a.git",
        "git://{canary}/a",
    ),
    *("http://{canary}/a.tgz", "https://u:hunter22@{canary}/a.tgz", "HTTP://{canary}/a.tgz", "ssh://git@{canary}/a"),
    *("file:../outside", "file:/etc", "link:../outside", "../outside", "./inside", "/etc", "~/outside"),
    *("user/repository", "github:user/repository", "gitlab:user/repository", "bitbucket:user/x", "gist:1a2b3c"),
    *("workspace:*", "git@{canary}:a/b.git", "portal:../a", "patch:a@1.0.0"),
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_dependency_by_address_is_refused_before_npm_starts(
    address: str, project: Path, store: Store, registry: NpmRegistry, canary: Registry
) -> None:
    spec = address.format(canary=canary.url.removeprefix("http://"))
    fields = {"dependencies": {"a": spec}, "overrides": {"b": {"c@1": {".": "1.0.0", "d": spec}}}}
    (project / "package.json").write_text(json.dumps({"name": "sample", **fields}))
    with pytest.raises(DependencyError) as caught:
        write_lock(plugin(project, "nodejs22.x"), store, QUIET)
    assert [problem.where for problem in caught.value.problems] == [
        "package.json dependencies.a",
        "package.json overrides.b.c@1.d",
    ]
    assert "hunter22" not in str([problem.message for problem in caught.value.problems])
    assert canary.requests == registry.requests == []


@pytest.mark.parametrize("field", ["devDependencies", "optionalDependencies", "peerDependencies"])
def test_every_field_that_npm_reads_is_checked(field: str, project: Path, store: Store, canary: Registry) -> None:
    (project / "package.json").write_text(json.dumps({field: {"a": f"{canary.url}/a.tgz"}}))
    with pytest.raises(DependencyError) as caught:
        write_lock(plugin(project, "nodejs22.x"), store, QUIET)
    assert [problem.where for problem in caught.value.problems] == [f"package.json {field}.a"]
    assert canary.requests == []


@pytest.mark.parametrize("pattern", ["{outside}", "../outside", "../*"])
def test_workspaces_outside_the_repository_are_refused(
    pattern: str, project: Path, store: Store, registry: NpmRegistry, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "package.json").write_text('{"name": "outside", "dependencies": {"evil": "1.0.0"}}')
    listed = pattern.format(outside=tmp_path / "outside")
    (project / "package.json").write_text(json.dumps({"name": "sample", "workspaces": [listed]}))
    with pytest.raises(DependencyError) as caught:
        write_lock(plugin(project, "nodejs22.x"), store, QUIET)
    assert len(caught.value.problems) == 1
    assert registry.requests == []


LOCKED = {
    "link": ({"resolved": "../outside", "link": True}, "is a link to ../outside"),
    "git": ({"version": "1.0.0", "resolved": "git+ssh://git@{canary}/a.git#1"}, "comes from an address"),
    "folder": ({"version": "1.0.0", "resolved": "file:../outside"}, "has no sha512"),
    "no hash": ({"version": "1.0.0"}, "has no sha512"),
    "weak hash": ({"version": "1.0.0", "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="}, "has no sha512"),
    "md5": ({"version": "1.0.0", "integrity": "md5-1B2M2Y8AsgTpgAmY7PhCfg=="}, "has no sha512"),
    "version is an option": (
        {"version": "--registry=http://{canary}", "integrity": "sha512-x"},
        "comes from an address",
    ),
    "version is an address": ({"version": "http://{canary}/a.tgz", "integrity": "sha512-x"}, "comes from an address"),
    "name is an address": ({"version": "1.0.0", "name": "http://{canary}/a"}, "is not a place or name"),
    "name is an option": ({"version": "1.0.0", "name": "--registry=http://{canary}"}, "is not a place or name"),
    "other machine": (
        {"version": "1.0.0", "os": ["win32"], "integrity": "sha512-" + "A" * 86 + "=="},
        "is not for Lambda",
    ),
}


@pytest.mark.parametrize("label", LOCKED)
def test_a_lock_entry_that_is_not_a_pinned_registry_package_is_refused(
    label: str, project: Path, store: Store, registry: NpmRegistry, canary: Registry
) -> None:
    entry, words = LOCKED[label]
    text = json.dumps(entry).replace("{canary}", canary.url.removeprefix("http://"))
    (project / "package.json").write_text('{"dependencies": {"a": "1.0.0"}}')
    (project / "package-lock.json").write_text(
        f'{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{"a": "1.0.0"}}}}, "node_modules/a": {text}}}}}'
    )
    with pytest.raises(DependencyError) as caught:
        collect(read_lock(plugin(project, "nodejs22.x")), plugin(project, "nodejs22.x"), store, QUIET)
    (problem,) = caught.value.problems
    assert problem.where == 'package-lock.json packages["node_modules/a"]'
    assert words in problem.message
    assert canary.requests == registry.requests == []


PLACES = (
    "node_modules/../../a",
    "node_modules/a/../../../b",
    "node_modules/.hidden",
    "node_modules/A B",
    "node_modules/a\nb",
)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_npm_would_not_write_is_refused(place: str, project: Path) -> None:
    entries = {"": {"dependencies": {"a": "1"}}, place: {"version": "1.0.0", "integrity": "sha512-" + "A" * 86 + "=="}}
    (project / "package.json").write_text('{"dependencies": {"a": "1"}}')
    (project / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": entries}))
    with pytest.raises(DependencyError) as caught:
        read_lock(plugin(project, "nodejs22.x"))
    assert [problem.file for problem in caught.value.problems] == ["package-lock.json"]


def test_scripts_settings_and_an_old_lock_have_no_effect(
    project: Path, store: Store, registry: NpmRegistry, canary: Registry, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    scripts = dict.fromkeys(
        ("preinstall", "install", "postinstall", "prepare", "prepack", "dependencies"), f"touch {ran}"
    )
    integrity = registry.package(
        "base", "1.0.0", manifest={"scripts": scripts, "hasInstallScript": True}, files={"binding.gyp": b"{}"}
    )
    (project / "package.json").write_text(
        json.dumps(
            {
                "name": "sample",
                "scripts": scripts,
                "dependencies": {"base": "1.0.0"},
                "config": {"registry": canary.url},
                "publishConfig": {"registry": canary.url},
                "packageManager": f"npm@{canary.url}/npm.tgz",
            }
        )
    )
    (project / ".npmrc").write_text(
        f"registry={canary.url}/\nbase:registry={canary.url}/\nignore-scripts=false\nproxy={canary.url}\n"
        f"https-proxy={canary.url}\nnode-options=--require {ran}\nscript-shell=/bin/sh\ngit=/bin/sh\n"
    )
    (project / ".yarnrc.yml").write_text(f"npmRegistryServer: {canary.url}\n")
    (project / "package-lock.json").write_text(
        json.dumps(
            {
                "lockfileVersion": 3,
                "packages": {
                    "": {"dependencies": {"base": "1.0.0"}},
                    "node_modules/base": {
                        "version": "1.0.0",
                        "resolved": f"{canary.url}/base-1.0.0.tgz",
                        "integrity": integrity,
                    },
                    "node_modules/gone": {"version": "1.0.0", "resolved": f"git+{canary.url}/gone.git#1"},
                },
                "dependencies": {"base": {"version": f"{canary.url}/base.tgz"}},
            }
        )
    )
    manifest, progress = plugin(project, "nodejs22.x"), RecordedProgress()
    write_lock(manifest, store, progress)
    (pack,) = collect(read_lock(manifest), manifest, store, progress)
    assert (pack.package.name, pack.package.version) == ("base", "1.0.0")
    assert progress.notes == [
        ".npmrc of the project is ignored: only your own (user-level) settings choose the index.",
    ]
    assert canary.requests == []
    assert not ran.exists()


def test_a_registry_package_that_requires_git_reaches_no_other_server(
    project: Path, store: Store, registry: NpmRegistry, canary: Registry
) -> None:
    registry.package("base", "1.0.0", manifest={"dependencies": {"evil": f"git+{canary.url}/evil.git"}})
    (project / "package.json").write_text('{"dependencies": {"base": "1.0.0"}}')
    with pytest.raises(DependencyError):
        write_lock(plugin(project, "nodejs22.x"), store, QUIET)
    assert canary.requests == []
    assert not (project / "package-lock.json").exists()


@pytest.mark.exhaustive
def test_a_partly_published_package_is_named(project: Path, store: Store, registry: NpmRegistry) -> None:
    registry.package(
        "base", "1.0.0", manifest={"optionalDependencies": {"base-linux-x64": "1.0.0", "base-darwin": "1"}}
    )
    registry.package("whole", "1.0.0")
    (project / "package.json").write_text('{"dependencies": {"base": "1.0.0", "whole": "1.0.0"}}')
    manifest, progress = plugin(project, "nodejs22.x"), RecordedProgress()
    write_lock(manifest, store, progress)
    (note,) = progress.notes
    assert note.startswith(
        "base 1.0.0 has an optional dependency on base-linux-x64, which the npm registry does not have"
    )
    del registry.pages["/base/-/base-1.0.0.tgz"]
    with pytest.raises(DependencyError, match=r"does not have a package that package-lock\.json pins: base 1\.0\.0\.$"):
        collect(read_lock(manifest), manifest, store, QUIET)
