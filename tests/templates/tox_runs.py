"""Runs tox in a generated plugin."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
    """Run tox as a user does, without the settings of an outer tox that may run these tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TOX_", "PYTEST_"))}
    # PIP_COMPILE: half of the time of an installation goes into bytecode that these short runs never load.
    environment |= {"NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", "PIP_COMPILE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "tox", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Ran(code=done.returncode, output=done.stdout + done.stderr)
