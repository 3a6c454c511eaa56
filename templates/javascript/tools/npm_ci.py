"""Run `npm ci`, but only when package-lock.json has changed since the last time; safe under `tox -p`.

npm ci deletes node_modules and fills it again. If three environments ran it at the same time, each would delete the
files of the others; one after the other it would take three times as long. The guard is SQLite's file lock: the
standard library has it on every system, and the system releases it when the process ends, however it ends.
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
    """Install the packages if needed; return npm's exit code."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm was not found. Install Node.js 20 or later (https://nodejs.org) and try again.", file=sys.stderr)
        return 1
    GUARD.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(GUARD, timeout=LONGEST_INSTALL_SECONDS, isolation_level=None)) as guard:
        guard.execute("BEGIN EXCLUSIVE")
        digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
        if STAMP.is_file() and STAMP.read_text(encoding="ascii") == digest:
            return 0
        # Install scripts stay off: what they do is not covered by the lock.
        code = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], check=False).returncode
        if code == 0:
            STAMP.parent.mkdir(exist_ok=True)
            STAMP.write_text(digest, encoding="ascii")
        return code


if __name__ == "__main__":
    raise SystemExit(main())
