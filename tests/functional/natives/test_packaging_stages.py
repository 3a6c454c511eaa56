"""The native check as a stage of packaging: it stops the build, and later runs repeat its warnings."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder import pipeline
from builder.errors import DependencyError
from builder.progress import SilentProgress
from tests.support.archives.elf_files import elf

if TYPE_CHECKING:
    from pathlib import Path

    from builder.pipeline import Project
    from tests.support.servers.package_registries import PythonIndex

MANIFEST = """\
[plugin]
name = "sample"
displayName = "Sample"
version = 1
runtime = "python3.13"

[build]
requirements = "requirements.in"
"""
MODULE = "{}.cpython-313-x86_64-linux-gnu.so"
QUIET = SilentProgress()


@pytest.fixture
def plugin(project: Path, index: PythonIndex, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Project:
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "store"))
    files = {
        MODULE.format("numba/np/ufunc/tbbpool"): elf(needed=("libtbb.so.12",)),
        MODULE.format("numba/_core"): elf(needed=("libgone.so.3", "libc.so.6")),
    }
    index.wheel("numba", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64", files=files)
    (project / "requirements.in").write_text("numba\n")
    (project / "plugin.toml").write_text(MANIFEST)
    (project / "src").mkdir()
    (project / "src" / "index.py").write_text("def handler(event, context):\n    return {}\n")
    return pipeline.Project(start=project, environment=None, today=date(2026, 11, 20))


def test_a_missing_library_stops_the_build_until_it_is_allowed_with_a_reason(plugin: Project) -> None:
    pipeline.lock(plugin, QUIET)

    with pytest.raises(DependencyError) as caught:
        pipeline.package(plugin, QUIET)

    assert "numba 1.0 needs libgone.so.3, which is neither" in caught.value.problems[0].message
    assert not (plugin.start / "dist").exists()

    allowed = '[build.allow-missing]\n"libgone.so.3" = "never called"\n'
    (plugin.start / "plugin.toml").write_text(MANIFEST + allowed)
    written, again = (pipeline.package(plugin, QUIET) for _ in range(2))

    assert (written.unchanged, again.unchanged) == (False, True)
    assert [warning.message.split(",")[0] for warning in written.warnings] == ["numba 1.0 needs libtbb.so.12"]
    assert again.warnings == written.warnings

    (plugin.start / "plugin.toml").write_text(MANIFEST)
    with pytest.raises(DependencyError):
        pipeline.package(plugin, QUIET)
