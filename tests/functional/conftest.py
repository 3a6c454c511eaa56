"""A project, a store and registries of their own for every test; no setting of this machine reaches the tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.dependencies import Store
from builder.host import process
from tests.support.machine import forked_pip as forked_pip_runs
from tests.support.machine.tool_settings import use_own_settings
from tests.support.servers.package_registries import NpmRegistry, PythonIndex, Registry, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_own_settings(monkeypatch, tmp_path / "home")


@pytest.fixture
def forked_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only for tests that are not about how pip is started: its libraries are imported once for all of its runs."""
    monkeypatch.setattr(process, "run", forked_pip_runs.run)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def index(own_settings: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[PythonIndex]:  # noqa: ARG001 - for its effect
    with served(PythonIndex()) as running:
        monkeypatch.setenv("PIP_INDEX_URL", f"{running.url}/simple")
        yield running


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[NpmRegistry]:
    """A registry for an operator whose own npmrc has settings that must not get in the way."""
    (tmp_path / "home" / ".npmrc").write_text("package-lock=false\npack-destination=/nowhere\n")
    with served(NpmRegistry()) as running:
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{running.url}/")
        yield running


@pytest.fixture
def canary() -> Iterator[Registry]:
    """A server that nobody may ask."""
    with served(Registry()) as running:
        yield running
