"""``check`` reports the problems of all checks of the plugin's own files, including imports of locked packages."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder import pipeline
from builder.errors import ProjectError
from builder.pipeline import Project
from tests.support.plugins.locked_plugin import LockedPlugin, locked_plugin

if TYPE_CHECKING:
    from pathlib import Path

    from builder.errors import Problem


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LockedPlugin:
    locked = locked_plugin(tmp_path)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(locked.store))
    return locked


def write(locked: LockedPlugin, imports: str) -> None:
    (locked.folder / "src" / "index.py").write_text(f"{imports}\ndef handler(event, context): pass\n")


def rows(project: Project) -> list[tuple[str, str]]:
    problems: tuple[Problem, ...]
    try:
        problems = pipeline.check(project).warnings
    except ProjectError as error:
        problems = error.problems
    return [(problem.severity.value, problem.message) for problem in problems]


def test_imports_are_looked_up_in_the_locked_wheels(locked: LockedPlugin) -> None:
    write(locked, "import one.deep.er, two")
    assert rows(locked.project) == []
    write(locked, "import one, three")
    assert rows(locked.project) == [
        ("error", "The module three is not in the artifact, and the runtime does not provide it.")
    ]


NOT_CHECKED = "Imports of packages were not checked: "


def test_without_the_wheels_one_warning_says_that_imports_were_not_checked(
    locked: LockedPlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "empty"))
    write(locked, "import one, two, three")
    assert rows(locked.project) == [("warning", f"{NOT_CHECKED}some locked packages are not on this machine yet.")]
    write(locked, "import os, boto3")
    assert rows(locked.project) == []
    write(locked, "import one\nfrom .absent import a")
    assert [kind for kind, _ in rows(locked.project)] == ["error"]


def test_without_a_lock_one_warning_says_that_imports_were_not_checked(locked: LockedPlugin) -> None:
    locked.lock.unlink()
    ((kind, message),) = rows(locked.project)
    assert (kind, message.startswith(f"{NOT_CHECKED}requirements.lock is missing")) == ("warning", True)
    write(locked, "import os")
    assert rows(locked.project) == []


def test_the_lock_of_npm_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "empty"))
    package = {"name": "p", "version": "1.0.0", "type": "module", "dependencies": {"one": "1.0.0"}}
    entry = {"version": "1.0.0", "resolved": "https://registry.example.com/one/-/one-1.0.0.tgz"}
    lock = {"name": "p", "version": "1.0.0", "lockfileVersion": 3, "requires": True}
    packages = {"": package, "node_modules/one": {**entry, "integrity": f"sha512-{'A' * 86}=="}}
    manifest = '[plugin]\nname = "sample"\ndisplayName = "Sample"\nversion = 1\nruntime = "nodejs22.x"\n'
    (tmp_path / "plugin.toml").write_text(manifest)
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "package-lock.json").write_text(json.dumps({**lock, "packages": packages}))
    script = tmp_path / "src" / "index.js"
    script.parent.mkdir()
    code = "export const handler = async (event, context) => null;\n"
    project = Project(start=tmp_path, environment=None, today=date(2026, 11, 20))
    script.write_text(f"import 'one';\n{code}")
    assert rows(project) == []
    script.write_text(f"import 'one';\nimport 'two';\n{code}")
    assert [kind for kind, _ in rows(project)] == ["error"]


def test_all_checks_are_reported_at_once(locked: LockedPlugin) -> None:
    write(locked, "import three")
    (locked.folder / "src" / "broken.py").write_text("x = (\n")
    key = "AKIA" + "QWERTYUIOPASDFGH"
    (locked.folder / "src" / "secret.py").write_text(f"KEY = '{key}'\n")
    with pytest.raises(ProjectError, match=r"^The plugin has 3 problems\.$") as caught:
        pipeline.check(locked.project)
    assert sorted(problem.file for problem in caught.value.problems) == [
        "src/broken.py",
        "src/index.py",
        "src/secret.py",
    ]
