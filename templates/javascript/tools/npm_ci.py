"""`npm ci`, only when package-lock.json is not what node_modules was installed from; safe under `tox -p`.

npm ci deletes node_modules and fills it again. Run by three environments at the same time it would do that under the
feet of the other two, and run by each in turn it would take three times as long. The guard is SQLite's file lock,
which the standard library has on every system and which the system lets go of when the process ends, however it ends.
"""

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

LOCK = Path("package-lock.json")
STAMP = Path("node_modules/.installed-from")
GUARD = Path(".tox/npm-ci.sqlite")
LONGEST_INSTALL_SECONDS = 900


def main() -> int:
    """Install if needed; returns npm's exit code."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm was not found: install Node.js 20 or later (https://nodejs.org) and try again", file=sys.stderr)
        return 1
    GUARD.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(GUARD, timeout=LONGEST_INSTALL_SECONDS, isolation_level=None)) as guard:
        guard.execute("BEGIN EXCLUSIVE")
        wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
        if STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted:
            return 0
        # Scripts of packages stay off: what a package runs at installation is no part of what was locked.
        code = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], check=False).returncode
        if code == 0:
            STAMP.parent.mkdir(exist_ok=True)
            STAMP.write_text(wanted, encoding="ascii")
        return code


if __name__ == "__main__":
    raise SystemExit(main())
