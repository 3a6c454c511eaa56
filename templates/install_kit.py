"""Install biot-plugin-kit once for all tox environments that use it: tox calls this in place of pip.

tox gives every environment a folder of its own, and the kit with what it needs takes 150 MB and half a minute. So the
kit is installed into `.tox/kit`, and each environment gets a `.pth` file that points there. It is installed again when
the requirement or the Python changes, and when an environment that has it is made anew (`tox -r`).
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

USERS = "tox-environments.json"


def main() -> int:
    """Install what the command line asks for, or point to where it is already; the exit code is pip's."""
    wanted = sys.argv[1:]
    if missing := next(filter(None, map(missing_folder, wanted)), None):
        print(missing)
        return 1
    work, environment = Path(os.environ["TOX_WORK_DIR"]), os.environ["TOX_ENV_NAME"]
    key = hashlib.sha256(json.dumps([wanted, sys.version, sys.prefix != sys.base_prefix]).encode()).hexdigest()[:12]
    kit = work / "kit" / key
    anew = environment in read_users(kit)
    if anew or not read_users(kit):
        code = install(wanted, kit, anew=anew)
        if code:
            return code
    write_users(kit, [environment] if anew else sorted({*read_users(kit), environment}))
    site = Path(sysconfig.get_path("purelib"))
    (site / "biot-plugin-kit.pth").write_text(os.path.relpath(kit, site) + "\n", encoding="ascii", errors="strict")
    write_command(Path(sysconfig.get_path("scripts")))
    return 0


def write_command(scripts: Path) -> None:
    """Write the command `biot-plugin`, for people who call it without tox."""
    if os.name == "nt":
        (scripts / "biot-plugin.cmd").write_text(f'@"{sys.executable}" -P -m builder %*\n', encoding="utf-8")
        return
    command = scripts / "biot-plugin"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m builder "$@"\n', encoding="utf-8")
    command.chmod(0o755)


def missing_folder(requirement: str) -> str:
    """Why the kit cannot be installed, when it was generated from a folder that this machine does not have."""
    url = requirement.partition(" @ ")[2].strip()
    if not url.startswith(("file:", "git+file:")):
        return ""
    path = urlsplit(url).path
    folder = Path(url2pathname(path.rpartition("@")[0] if url.startswith("git+") and "@" in path else path))
    if folder.exists():
        return ""
    return (
        f"tox.ini installs biot-plugin-kit from {folder}, a folder of the machine that generated this plugin. "
        "Write a requirement that every machine can install under [kit] in tox.ini: biot-plugin-kit @ git+https://…@TAG"
    )


def install(wanted: list[str], kit: Path, *, anew: bool) -> int:
    """Install into a new folder, and put it in place when all is there; the exit code is pip's.

    Args:
        wanted: The requirement, and pip's options.
        kit: The place.
        anew: Whether to replace what is there. Otherwise an environment that was faster (`tox -p`) wins.
    """
    kit.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="new-", dir=kit.parent) as new:
        pip = [sys.executable, "-I", "-m", "pip", "install", "--disable-pip-version-check", "--target", new]
        code = subprocess.run([*pip, *wanted], check=False).returncode
        if code:
            return code
        if not anew and read_users(kit):
            return 0
        for old in kit.parent.iterdir():
            if not old.name.startswith("new-"):
                shutil.rmtree(old, ignore_errors=True)
        Path(new).rename(kit)
        Path(new).mkdir()  # the block removes it
    return 0


def read_users(kit: Path) -> list[str]:
    """The environments that point to this installation; none when it is not there or not whole."""
    try:
        return [str(name) for name in json.loads((kit / USERS).read_text("utf-8"))]
    except (OSError, ValueError):
        return []


def write_users(kit: Path, names: list[str]) -> None:
    """Remember who points to this installation."""
    (kit / USERS).write_text(json.dumps(names), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
