"""The plugins that the benchmarks measure."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from copier import run_copy

REPOSITORY = Path(__file__).parents[1]
P = ("requests", "pyjwt[crypto]", "pydantic", "python-dateutil")
P_HEAVY = (*P, "numpy", "pandas")
J = ("axios", "jsonwebtoken", "luxon", "winston", "uuid")
J_HEAVY = (*J, "sharp")

MANIFEST = """\
[plugin]
name = "bench"
displayName = "Bench"
version = 1
runtime = "{runtime}"
"""

HANDLER = """\
import requests


def handler(event, context):
    return {"statusCode": 200, "body": requests.__version__}
"""


@dataclass(frozen=True)
class Workload:
    """A plugin on disk, locked, with a private store that is warm."""

    folder: Path
    environment: dict[str, str]

    @property
    def handler(self) -> Path:
        """The file of the handler."""
        return next(self.folder.glob("src/index.*"))

    def kit(self, *arguments: str) -> list[str]:
        """The command line of the installed kit."""
        return [str(Path(sys.executable).with_name("biot-plugin")), *arguments]

    def delete_artifact(self) -> None:
        """Delete the artifact of earlier runs."""
        shutil.rmtree(self.folder / "dist", ignore_errors=True)


def generated_python(home: Path, requirements: tuple[str, ...]) -> Workload:
    """A plugin as the template generates it, with ``requirements`` besides its own, locked and packaged once."""
    workload = _generate(home, "python", "python3.13")
    project = workload.folder / "pyproject.toml"
    text, listed = project.read_text("utf-8"), "".join(f'"{name}", ' for name in requirements)
    project.write_text(text.replace("dependencies = [", f"dependencies = [{listed}", 1), "utf-8")
    return _locked(workload)


def generated_javascript(home: Path, packages: tuple[str, ...]) -> Workload:
    """The same in JavaScript, with ``packages`` in their newest versions."""
    workload = _generate(home, "javascript", "nodejs22.x")
    file = workload.folder / "package.json"
    package = json.loads(file.read_text("utf-8"))
    package["dependencies"] |= dict.fromkeys(packages, "*")
    file.write_text(json.dumps(package), "utf-8")
    return _locked(workload)


def _generate(home: Path, language: str, runtime: str) -> Workload:
    answers = {"language": language, "runtime": runtime}
    folder = home / "plugin"
    run_copy(str(REPOSITORY), folder, answers, defaults=True, quiet=True, vcs_ref="HEAD")
    return Workload(folder, {**os.environ, "BIOT_PLUGIN_STORE": str(home / "store")})


def python_workload(home: Path, requirements: tuple[str, ...]) -> Workload:
    """A Python plugin of one file with ``requirements``, locked and packaged once."""
    folder = home / "plugin"
    write_plugin(folder, "python3.13", {"src/index.py": HANDLER, "pyproject.toml": project_table(requirements)})
    return _locked(Workload(folder, {**os.environ, "BIOT_PLUGIN_STORE": str(home / "store")}))


def javascript_workload(home: Path, packages: tuple[str, ...]) -> Workload:
    """A JavaScript plugin of one file with ``packages`` in the newest versions, locked and packaged once."""
    folder = home / "plugin"
    required = "".join(f'require("{name}");\n' for name in packages)
    package = {"name": "bench", "version": "1.0.0", "dependencies": dict.fromkeys(packages, "*")}
    handler = f"{required}exports.handler = async () => ({{ statusCode: 200 }});\n"
    write_plugin(folder, "nodejs22.x", {"src/index.js": handler, "package.json": json.dumps(package)})
    return _locked(Workload(folder, {**os.environ, "BIOT_PLUGIN_STORE": str(home / "store")}))


def monorepo(home: Path, count: int) -> Workload:
    """A repository of ``count`` plugins that share most packages; every third has the same lock."""
    folder = home / "repository"
    kinds = (P[:2], (P[0], P[2]), P)
    for number in range(count):
        text = HANDLER.replace("200", str(200 + number))
        files = {"src/index.py": text, "pyproject.toml": project_table(kinds[number % len(kinds)])}
        plugin = folder / f"plugin-{number:02}"
        write_plugin(plugin, "python3.13", files)
        if number >= len(kinds):
            shutil.copy(folder / f"plugin-{number % len(kinds):02}" / "requirements.lock", plugin)
        else:
            _locked(Workload(plugin, {**os.environ, "BIOT_PLUGIN_STORE": str(home / "store")}))
    return Monorepo(folder, {**os.environ, "BIOT_PLUGIN_STORE": str(home / "store")})


def files_workload(home: Path, count: int) -> Workload:
    """A plugin of ``count`` files of its own and no packages."""
    folder = home / "plugin"
    body = "".join(f"value_{number} = {number}\n" for number in range(100))
    files = {f"src/data/{number // 100}/m{number}.py": f"{body}# {number}\n" for number in range(count - 1)}
    handler = "def handler(event, context):\n    return None\n"
    write_plugin(folder, "python3.13", {"src/index.py": handler, **files})
    return Workload(folder, {**os.environ, "BIOT_PLUGIN_STORE": str(home / "store")})


def write_plugin(folder: Path, runtime: str, files: dict[str, str]) -> None:
    """A plugin's files and its plugin.toml."""
    for name, text in {"plugin.toml": MANIFEST.format(runtime=runtime), **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def project_table(requirements: tuple[str, ...]) -> str:
    """A pyproject.toml that asks for ``requirements``."""
    listed = ", ".join(f'"{name}"' for name in requirements)
    return f'[project]\nname = "bench"\nversion = "1"\ndependencies = [{listed}]\n'


def _locked(workload: Workload) -> Workload:
    for step in ("lock", "package"):
        argv = workload.kit(step)
        subprocess.run(argv, cwd=workload.folder, env=workload.environment, check=True, stdout=subprocess.DEVNULL)
    return workload


class Monorepo(Workload):
    """Many plugins, each with its own folder of artifacts."""

    def delete_artifact(self) -> None:
        """Delete the artifact of earlier runs."""
        for plugin in self.folder.iterdir():
            shutil.rmtree(plugin / "dist", ignore_errors=True)
