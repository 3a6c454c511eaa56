"""Runs tox in a generated plugin."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uv import find_uv_bin

if TYPE_CHECKING:
    from pathlib import Path

UV = find_uv_bin()
CHANGES = (
    f"install_command={UV} pip install {{opts}} {{packages}}",
    "pass_env+=UV_*",
    f"allowlist_externals+={UV}",
    "list_dependencies_command=python --version",
)
"""Changes to ``[testenv]``: uv installs what pip would, from the same lock and by the same hashes, in a tenth of the
time. `tox -e quickstart` installs with pip, as a user does. On CI, tox lists what is installed with `pip freeze`, once
for every environment of every run; nobody reads that here."""


@dataclass(frozen=True)
class Ran:
    code: int
    output: str

    @property
    def failed(self) -> set[str]:
        return set(re.findall(r"^  (\w+): FAIL", self.output, re.MULTILINE))

    @property
    def passed(self) -> set[str]:
        return set(re.findall(r"^  (\w+): OK", self.output, re.MULTILINE))


def tox(folder: Path, *arguments: str) -> Ran:
    """Run tox as a user does, without the settings of an outer tox that may run these tests.

    The kit itself is installed by pip, by the plugin's own tools/install_kit.py.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TOX_", "PYTEST_"))}
    # PIP_COMPILE: half of the time of an installation goes into bytecode that these short runs never load.
    environment |= {"NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", "PIP_COMPILE": "0"}
    environment["TOX_OVERRIDE"] = ";".join(f"testenv.{change}" for change in CHANGES)
    done = subprocess.run(
        [sys.executable, "-m", "tox", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Ran(code=done.returncode, output=done.stdout)
