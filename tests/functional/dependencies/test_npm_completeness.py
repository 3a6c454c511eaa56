"""Damaged locks, checked by the kit and by the real ``npm ci`` with a registry on loopback."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder.dependencies import read_lock, refuse_incomplete_lock, write_lock
from builder.errors import DependencyError
from builder.pipeline import Project, package
from builder.progress import SilentProgress
from tests.support.plugins.damaged_locks import DAMAGE, PACKAGE, kit_refuses, npm_refuses, publish, write_damaged
from tests.support.plugins.stage_inputs import plugin

if TYPE_CHECKING:
    from pathlib import Path

    from builder.dependencies import Store
    from tests.support.servers.package_registries import NpmRegistry

ASKED = ("a transitive dependency is missing", "an alias has another version", "overrides were changed")
"""One damage of each kind; tests/proof asks npm about all of them."""


@pytest.mark.exhaustive
def test_the_kit_refuses_every_damaged_lock_and_npm_ci_agrees(
    project: Path, store: Store, registry: NpmRegistry
) -> None:
    publish(registry)
    (project / "package.json").write_text(json.dumps(PACKAGE))
    write_lock(plugin(project, "nodejs22.x"), store, SilentProgress())
    lock = json.loads((project / "package-lock.json").read_text())
    assert (npm_refuses(project), kit_refuses(project)) == (False, False)
    refused_by_npm = {}
    accepted_by_kit = []
    for name in DAMAGE:
        write_damaged(project, lock, name)
        accepted_by_kit += [] if kit_refuses(project) else [name]
        if name in ASKED:
            refused_by_npm[name] = npm_refuses(project)

    assert accepted_by_kit == []
    assert refused_by_npm == dict.fromkeys(ASKED, True)


@pytest.mark.exhaustive
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
