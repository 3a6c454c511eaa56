"""A lock of npm packages, and the ways to damage it that both the kit and ``npm ci`` have to notice."""

from __future__ import annotations

import copy
import json
import subprocess
from typing import TYPE_CHECKING, Any

from builder.dependencies import read_lock, refuse_incomplete_lock
from builder.errors import DependencyError
from tests.support.plugins.stage_inputs import plugin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def write_damaged(project: Path, lock: dict[str, Any], name: str) -> None:
    """Write package.json and a copy of the lock with one damage."""
    damaged, package = copy.deepcopy(lock), copy.deepcopy(PACKAGE)
    DAMAGE[name](damaged, package)
    (project / "package-lock.json").write_text(json.dumps(damaged))
    (project / "package.json").write_text(json.dumps(package))


def npm_refuses(project: Path) -> bool:
    """Return whether ``npm ci`` refuses the lock; each call takes a second."""
    command = ["npm", "ci", "--dry-run", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    return subprocess.run(command, cwd=project, check=False, capture_output=True).returncode != 0


def kit_refuses(project: Path) -> bool:
    """Return whether the kit refuses the lock."""
    manifest = plugin(project, "nodejs22.x")
    try:
        refuse_incomplete_lock(read_lock(manifest), manifest)
    except DependencyError:
        return True
    return False
