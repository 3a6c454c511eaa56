"""The plugins that are measured."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
P = ("requests", "pyjwt[crypto]", "pydantic", "python-dateutil")
P_HEAVY = (*P, "numpy", "pandas")

MANIFEST = """\
[plugin]
name = "bench"
displayName = "Bench"
version = 1
runtime = "python3.13"
"""

HANDLER = """\
import numpy
import pandas


def handler(event, context):
    return {"statusCode": 200, "body": str(pandas.DataFrame({"a": numpy.arange(3)}).a.sum())}
"""


@dataclass(frozen=True)
class Workload:
    """A plugin on disk, locked, with a private store that is warm."""

    folder: Path
    environment: dict[str, str]

    def kit(self, *arguments: str) -> list[str]:
        """The command line of the installed kit."""
        return [str(Path(sys.executable).with_name("biot-plugin")), *arguments]

    def forget_artifact(self) -> None:
        """Remove what earlier runs built."""
        shutil.rmtree(self.folder / "dist", ignore_errors=True)


def python_workload(home: Path, requirements: tuple[str, ...]) -> Workload:
    """A Python plugin with ``requirements``, locked and packaged once."""
    folder = home / "plugin"
    (folder / "src").mkdir(parents=True)
    (folder / "plugin.toml").write_text(MANIFEST, "utf-8")
    (folder / "src" / "index.py").write_text(HANDLER, "utf-8")
    listed = ", ".join(f'"{name}"' for name in requirements)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "bench"\nversion = "1"\ndependencies = [{listed}]\n', "utf-8"
    )
    workload = Workload(folder, {**os.environ, "BIOT_PLUGIN_STORE": str(home / "store")})
    for step in ("lock", "package"):
        subprocess.run(workload.kit(step), cwd=folder, env=workload.environment, check=True, stdout=subprocess.DEVNULL)
    return workload
