"""Check the types of the console's scripts, as their comments declare them: ``tsc --checkJs``.

TypeScript is installed by its hash, once for each tox environment.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
INSTALLED = Path(sys.prefix) / "script_types"
COMPILER = INSTALLED / "node_modules" / "typescript" / "bin" / "tsc"


def install() -> None:
    """Install the locked TypeScript, unless it is there."""
    lock = FOLDER / "package-lock.json"
    installed = INSTALLED / lock.name
    if COMPILER.exists() and installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", lock.name):
        shutil.copy(FOLDER / name, INSTALLED)
    npm = shutil.which("npm") or "npm"
    subprocess.run([npm, "ci", "--silent", "--ignore-scripts", "--no-audit"], cwd=INSTALLED, check=True)


def main() -> int:
    """Check the scripts; return tsc's exit code."""
    install()
    node = shutil.which("node") or "node"
    return subprocess.run([node, str(COMPILER), "--project", str(FOLDER)], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
