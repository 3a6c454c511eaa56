"""The kit refuses the damaged locks that ``npm ci`` refuses: all of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from builder.dependencies import write_lock
from builder.progress import SilentProgress
from tests.functional.conftest import own_settings, project, registry, store
from tests.support.plugins.damaged_locks import DAMAGE, PACKAGE, kit_refuses, npm_refuses, publish, write_damaged
from tests.support.plugins.stage_inputs import plugin

if TYPE_CHECKING:
    from pathlib import Path

    from builder.dependencies import Store
    from tests.support.servers.package_registries import NpmRegistry

__all__ = ["own_settings", "project", "registry", "store"]


@pytest.mark.usefixtures("own_settings")
def test_npm_ci_and_the_kit_refuse_every_damaged_lock(project: Path, store: Store, registry: NpmRegistry) -> None:
    publish(registry)
    (project / "package.json").write_text(json.dumps(PACKAGE))
    write_lock(plugin(project, "nodejs22.x"), store, SilentProgress())
    lock = json.loads((project / "package-lock.json").read_text())
    answers = {}
    for name in DAMAGE:
        write_damaged(project, lock, name)
        answers[name] = (npm_refuses(project), kit_refuses(project))

    assert answers == dict.fromkeys(DAMAGE, (True, True))
