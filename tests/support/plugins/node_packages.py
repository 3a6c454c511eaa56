"""The packages of generated JavaScript plugins, downloaded once for all of a run's processes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def install_node_packages(folder: Path, cache: Path) -> None:
    """Give a plugin the ``node_modules`` that its lock names: `npm ci` the first time, hard links afterwards.

    Args:
        folder: Of the plugin; no test may write into a file below its ``node_modules``.
        cache: A folder that all processes of the run share.
    """
    cache.mkdir(exist_ok=True)
    kept = cache / hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    with (cache / "lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not kept.exists():
            npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(npm, cwd=folder, check=True, capture_output=True)
            (folder / "node_modules").rename(kept)
    shutil.copytree(kept, folder / "node_modules", symlinks=True, copy_function=os.link)
