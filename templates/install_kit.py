"""Install biot-plugin-kit once for all tox environments that use it: tox calls this in place of pip.

tox gives every environment its own folder, and the kit with its dependencies takes 150 MB and half a minute. So the kit
is installed into `.tox/kit`, and each environment gets a `.pth` file that points there. It is installed again when the
requirement or the Python changes, and when an environment that uses it is recreated (`tox -r`).
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
    """Install the kit unless it is installed, and point this environment to it; the exit code is pip's."""
    arguments = sys.argv[1:]
    if problem := next(filter(None, map(missing_folder, arguments)), None):
        print(problem)
        return 1
    work, environment = Path(os.environ["TOX_WORK_DIR"]), os.environ["TOX_ENV_NAME"]
    key = hashlib.sha256(json.dumps([arguments, sys.version, sys.prefix != sys.base_prefix]).encode()).hexdigest()[:12]
    kit = work / "kit" / key
    again = environment in read_users(kit)
    if again or not read_users(kit):
        code = install(arguments, kit, again=again)
        if code:
            return code
    write_users(kit, [environment] if again else sorted({*read_users(kit), environment}))
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
    """Why the kit cannot be installed: the requirement names a folder that this machine does not have; or empty."""
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


def install(arguments: list[str], kit: Path, *, again: bool) -> int:
    """Install into a new folder, and rename it when it is complete; the exit code is pip's.

    Args:
        arguments: The requirement, and pip's options.
        kit: The folder of the installation.
        again: Whether to replace an existing installation. If not, an environment that was faster (`tox -p`) wins.
    """
    kit.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="new-", dir=kit.parent) as new:
        pip = [sys.executable, "-I", "-m", "pip", "install", "--disable-pip-version-check", "--target", new]
        code = subprocess.run([*pip, *arguments], check=False).returncode
        if code:
            return code
        if not again and read_users(kit):
            return 0
        for old in kit.parent.iterdir():
            if not old.name.startswith("new-"):
                shutil.rmtree(old, ignore_errors=True)
        Path(new).rename(kit)
        Path(new).mkdir()  # the end of the block removes it
    return 0


def read_users(kit: Path) -> list[str]:
    """The environments that use this installation; empty when it is missing or incomplete."""
    try:
        return [str(name) for name in json.loads((kit / USERS).read_text("utf-8"))]
    except (OSError, ValueError):
        return []


def write_users(kit: Path, names: list[str]) -> None:
    """Record which environments use this installation."""
    (kit / USERS).write_text(json.dumps(names), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
