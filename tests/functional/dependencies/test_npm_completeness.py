"""Damaged locks, checked by the kit and by the real ``npm ci`` with a registry on loopback."""

from __future__ import annotations

import copy
import json
import subprocess
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from builder.dependencies import read_lock, refuse_incomplete_lock, write_lock
from builder.errors import DependencyError
from builder.pipeline import Project, package
from builder.progress import SilentProgress
from tests.support.plugins.stage_inputs import plugin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from builder.dependencies import Store
    from tests.support.servers.package_registries import NpmRegistry

PACKAGE: dict[str, Any] = {
    "name": "sample",
    "version": "1.0.0",
    "dependencies": {"app": "^1.0.0", "native": "1.0.0", "alias": "npm:leaf@1.0.0"},
    "devDependencies": {"tool": "1.0.0"},
    "overrides": {"deep": "2.0.0"},
}


def publish(registry: NpmRegistry) -> None:
    for version in ("1.0.0", "1.5.0", "2.0.0"):
        registry.package("leaf", version)
        registry.package("deep", version)
    registry.package("app", "1.0.0", manifest={"dependencies": {"leaf": "^2.0.0", "deep": "^1.0.0", "plug": "1.0.0"}})
    registry.package("plug", "1.0.0", manifest={"peerDependencies": {"leaf": ">=1.5.0"}})
    registry.package("tool", "1.0.0", manifest={"dependencies": {"leaf": "1.5.0"}})
    registry.package("native-linux-x64", "1.0.0", manifest={"os": ["linux"], "cpu": ["x64"]})
    registry.package("native-darwin-arm64", "1.0.0", manifest={"os": ["darwin"], "cpu": ["arm64"]})
    options = {"native-linux-x64": "1.0.0", "native-darwin-arm64": "1.0.0"}
    registry.package("native", "1.0.0", manifest={"optionalDependencies": options})


def drop(*places: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def damage(lock: dict[str, Any], package: dict[str, Any]) -> None:
        del package
        for place in places:
            del lock["packages"][place]

    return damage


def at_version(place: str, version: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def damage(lock: dict[str, Any], package: dict[str, Any]) -> None:
        del package
        lock["packages"][place]["version"] = version

    return damage


def with_overrides(overrides: dict[str, Any]) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def damage(lock: dict[str, Any], package: dict[str, Any]) -> None:
        del lock
        package["overrides"] = overrides

    return damage


DAMAGE = {
    "a direct dependency is missing": drop("node_modules/app"),
    "a transitive dependency is missing": drop("node_modules/plug"),
    "a dependency for development is missing": drop("node_modules/tool"),
    "a nested copy is missing": drop("node_modules/tool/node_modules/leaf"),
    "a peer dependency is missing": drop("node_modules/leaf", "node_modules/tool/node_modules/leaf"),
    "an alias is missing": drop("node_modules/alias"),
    "the platform's package is missing": drop("node_modules/native-linux-x64"),
    "a version is below its range": at_version("node_modules/leaf", "1.5.0"),
    "a version is above its range": at_version("node_modules/app", "2.0.0"),
    "an alias has another version": at_version("node_modules/alias", "1.5.0"),
    "an overridden version is as if it were not": at_version("node_modules/deep", "1.0.0"),
    "overrides were removed": with_overrides({}),
    "overrides were changed": with_overrides({"deep": "1.5.0"}),
    "overrides were narrowed": with_overrides({"other": {"deep": "2.0.0"}}),
    "overrides contradict a direct dependency": with_overrides({"deep": "2.0.0", "app": "1.0.0"}),
}


def npm_refuses(project: Path) -> bool:
    command = ["npm", "ci", "--dry-run", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    return subprocess.run(command, cwd=project, check=False, capture_output=True).returncode != 0


def kit_refuses(project: Path) -> bool:
    manifest = plugin(project, "nodejs22.x")
    try:
        refuse_incomplete_lock(read_lock(manifest), manifest)
    except DependencyError:
        return True
    return False


def test_the_kit_refuses_every_damaged_lock_that_npm_ci_refuses(
    project: Path, store: Store, registry: NpmRegistry
) -> None:
    publish(registry)
    (project / "package.json").write_text(json.dumps(PACKAGE))
    write_lock(plugin(project, "nodejs22.x"), store, SilentProgress())
    lock = json.loads((project / "package-lock.json").read_text())
    assert (npm_refuses(project), kit_refuses(project)) == (False, False)
    answers = {}
    for name, damage in DAMAGE.items():
        damaged, package = copy.deepcopy(lock), copy.deepcopy(PACKAGE)
        damage(damaged, package)
        (project / "package-lock.json").write_text(json.dumps(damaged))
        (project / "package.json").write_text(json.dumps(package))
        answers[name] = (npm_refuses(project), kit_refuses(project))
    assert answers == dict.fromkeys(DAMAGE, (True, True))


def test_a_lock_without_packages_of_other_platforms_is_complete_for_lambda(
    project: Path, store: Store, registry: NpmRegistry
) -> None:
    publish(registry)
    (project / "package.json").write_text(json.dumps(PACKAGE))
    write_lock(plugin(project, "nodejs22.x"), store, SilentProgress())
    lock = json.loads((project / "package-lock.json").read_text())
    del lock["packages"]["node_modules/native-darwin-arm64"]
    (project / "package-lock.json").write_text(json.dumps(lock))
    assert not kit_refuses(project)


def test_locking_again_completes_a_lock_of_another_platform(project: Path, store: Store, registry: NpmRegistry) -> None:
    publish(registry)
    (project / "package.json").write_text(json.dumps(PACKAGE))
    manifest = plugin(project, "nodejs22.x")
    write_lock(manifest, store, SilentProgress())
    complete = (project / "package-lock.json").read_text()
    lock = json.loads(complete)
    del lock["packages"]["node_modules/native-linux-x64"]
    (project / "package-lock.json").write_text(json.dumps(lock))
    with pytest.raises(DependencyError, match="is incomplete"):
        refuse_incomplete_lock(read_lock(manifest), manifest)
    write_lock(manifest, store, SilentProgress())
    assert json.loads((project / "package-lock.json").read_text()) == json.loads(complete)


def test_package_refuses_an_incomplete_lock_also_when_it_was_complete_before(
    project: Path, store: Store, registry: NpmRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(registry)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(store.folder))
    (project / "src").mkdir()
    (project / "src/index.mjs").write_text("export const handler = async (event) => event;\n")
    (project / "plugin.toml").write_text(
        '[plugin]\nname = "sample"\ndisplayName = "Sample"\nversion = 1\nruntime = "nodejs22.x"\n'
    )
    (project / "package.json").write_text(json.dumps(PACKAGE))
    write_lock(plugin(project, "nodejs22.x"), store, SilentProgress())
    chosen = Project(start=project, environment=None, today=date(2026, 11, 20))
    assert not package(chosen, SilentProgress()).unchanged
    assert package(chosen, SilentProgress()).unchanged
    (project / "package.json").write_text(json.dumps({**PACKAGE, "overrides": {}}))
    with pytest.raises(DependencyError, match="is incomplete") as caught:
        package(chosen, SilentProgress())
    assert [problem.message for problem in caught.value.problems] == [
        "app 1.0.0 requires deep@^1.0.0, but package-lock.json has deep 2.0.0."
    ]
