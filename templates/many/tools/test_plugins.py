"""Run the tox of every plugin, of those that are named, or of those in changed.json; end with the worst exit code.

`tox -e test -- plugins/NAME`, or `tox -e test -- --changed --shard 1/4` for the first of four machines.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

CHANGED = Path("changed.json")


def main() -> int:
    """Test one plugin after the other; a plugin that fails does not stop the others."""
    parser = argparse.ArgumentParser(prog="tox -e test --", description=__doc__.splitlines()[0])
    parser.add_argument("plugins", nargs="*", help="their folders; every plugin without them")
    parser.add_argument("--changed", action="store_true", help="the plugins that `tox -e changed` found")
    parser.add_argument("--shard", metavar="I/N", default="1/1", help="only part I of N of them")
    options = parser.parse_args()
    number, _, count = options.shard.partition("/")
    if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
        parser.error(f"--shard {options.shard} is not I/N, such as 1/4")
    folders = json.loads(CHANGED.read_text("utf-8")) if options.changed else options.plugins or every_plugin()
    share = folders[int(number) - 1 :: int(count)]
    codes = {folder: run_tox(folder) for folder in share}
    print(f"\n{len(share)} of {len(folders)} plugins:")
    for folder, code in codes.items():
        print(f"  {folder}: {f'failed, exit code {code}' if code else 'OK'}")
    return max(codes.values(), default=0)


def every_plugin() -> list[str]:
    """List the folders of all plugins of the repository, without those that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    command += ["plugin.toml", "*/plugin.toml"]
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return sorted({Path(path).parent.as_posix() for path in done.stdout.split("\0") if path and Path(path).is_file()})


def run_tox(folder: str) -> int:
    """Run a plugin's tox, without the settings of the tox that runs this; 0 when the plugin has no tox.ini."""
    print(f"\n== {folder}", flush=True)
    if not Path(folder, "tox.ini").is_file():
        print("There is no tox.ini, so there is nothing to test.")
        return 0
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOX_")}
    code = subprocess.run([sys.executable, "-m", "tox"], cwd=folder, env=environment, check=False).returncode
    return code if code >= 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
