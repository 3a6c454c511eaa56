"""A git repository with many plugins, as a team would have it: Python and Node, 20 sets of packages, shared code."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.scale.packages import DependencySet, dependency_sets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SHARES_CODE = 5
"""Every fifth plugin uses the shared folder."""
_RUNTIMES = {"python": "python3.13", "nodejs": "nodejs22.x"}
_LOCKS = {"python": "requirements.lock", "nodejs": "package-lock.json"}
_MANIFEST = """\
[plugin]
name = "plugin-{number:04}"
displayName = "Plugin {number}"
version = 1
runtime = "{runtime}"
"""
_SHARED = """
[build.shared]
"../../common" = "common"
"""
_PYTHON = '''\
"""Plugin {number}."""

from perform import perform


def handler(event, context):
    return {{"statusCode": 200, "body": perform(event, {number})}}
'''
_NODE = """\
const { perform } = require("./perform");

exports.handler = async (event) => ({ statusCode: 200, body: perform(event, NUMBER) });
"""
_GIT = ("-c", "user.name=scale", "-c", "user.email=scale@example.com", "-c", "commit.gpgsign=false", "-c", "gc.auto=0")


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginRepository:
    """The repository on disk, committed.

    Attributes:
        folder: Its top.
        count: How many plugins it has.
    """

    folder: Path
    count: int

    def plugin(self, number: int) -> Path:
        """The folder of a plugin; the first is number 0."""
        return self.folder / "plugins" / f"p{number:04}"

    def git(self, *arguments: str) -> str:
        """Run git in the repository, and return what it prints."""
        argv = ["git", *_GIT, *arguments]
        return subprocess.run(argv, cwd=self.folder, check=True, capture_output=True, text=True).stdout


def write_repository(folder: Path, count: int, environment: Mapping[str, str]) -> PluginRepository:
    """Write and commit the plugins; each set of packages is locked once, with the index in ``environment``."""
    repository, sets = PluginRepository(folder=folder, count=count), dependency_sets()
    (folder / "common").mkdir(parents=True)
    (folder / "common" / "names.py").write_text("def capital(name):\n    return name.capitalize()\n", "utf-8")
    (folder / ".gitignore").write_text("dist/\nnode_modules/\n", "utf-8")
    for number in range(count):
        dependencies = sets[number % len(sets)]
        _write_plugin(repository.plugin(number), number, dependencies)
        lock = _LOCKS[dependencies.language]
        if number < len(sets):
            _lock(repository.plugin(number), environment)
        else:
            shutil.copy(repository.plugin(number % len(sets)) / lock, repository.plugin(number))
    repository.git("init", "-q")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "Many plugins")
    return repository


def _write_plugin(folder: Path, number: int, dependencies: DependencySet) -> None:
    shared = _SHARED if number % _SHARES_CODE == 0 else ""
    files = {"plugin.toml": _MANIFEST.format(number=number, runtime=_RUNTIMES[dependencies.language]) + shared}
    files |= {"README.md": f"# Plugin {number}\n", "tests/test_perform.py": "def test_nothing():\n    pass\n"}
    files |= _python(number, dependencies) if dependencies.language == "python" else _node(number, dependencies)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def _python(number: int, dependencies: DependencySet) -> dict[str, str]:
    listed = ", ".join(f'"{name}=={version}"' for name, version in dependencies.packages)
    imports = "\n".join(f"import {name.replace('-', '_')}" for name, _ in dependencies.packages)
    body = "".join(f"    steps.append(event.get('key{line}'))\n" for line in range(40))
    return {
        "pyproject.toml": f'[project]\nname = "scale"\nversion = "1"\ndependencies = [{listed}]\n',
        "src/index.py": _PYTHON.format(number=number),
        "src/perform.py": f"{imports}\n\n\ndef perform(event, number):\n    steps = [number]\n{body}    return steps\n",
    }


def _node(number: int, dependencies: DependencySet) -> dict[str, str]:
    package = {"name": "scale", "version": "1.0.0", "private": True, "dependencies": dict(dependencies.packages)}
    imports = "".join(f'require("{name}");\n' for name, _ in dependencies.packages)
    body = "".join(f"  steps.push(event.key{line});\n" for line in range(40))
    return {
        "package.json": json.dumps(package, indent=2) + "\n",
        "src/index.js": _NODE.replace("NUMBER", str(number)),
        "src/perform.js": f"{imports}exports.perform = (event, number) => {{\n  const steps = [number];\n{body}"
        "  return steps;\n};\n",
    }


def _lock(folder: Path, environment: Mapping[str, str]) -> None:
    argv = [sys.executable, "-m", "builder", "lock"]
    done = subprocess.run(argv, cwd=folder, env=dict(environment), check=False, capture_output=True, text=True)
    if done.returncode:
        message = f"lock failed in {folder}:\n{done.stderr}"
        raise SystemExit(message)
