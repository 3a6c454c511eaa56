"""Write which plugins differ to changed.json: `tox -e changed -- --since REV`, or `tox -e changed -- -e ENVIRONMENT`.

With --since: from a revision of git, in what decides the artifact (as the kit finds it) or in any file of the plugin's
folder, such as a test. With -e: from what BioT has in an environment. A pipeline divides its jobs by this file.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CHANGED = Path("changed.json")
CHANGES_WAIT = 10
"""The exit code of `biot-plugin plan` when there is something to publish."""


def main() -> int:
    """Write the file; the exit code is the kit's, and 0 when the plan has changes."""
    parser = argparse.ArgumentParser(prog="tox -e changed --", description=__doc__.splitlines()[0])
    compared_with = parser.add_mutually_exclusive_group(required=True)
    compared_with.add_argument("--since", metavar="REV", help="a commit, branch or tag of git")
    compared_with.add_argument("-e", "--environment", help="an environment of BioT")
    options = parser.parse_args()
    if options.since is not None:
        code, folders = changed_since(options.since)
    else:
        code, document = run_kit("plan", "--all", "-e", options.environment)
        folders = document.get("changed", [])
        code = 0 if code == CHANGES_WAIT else code
    if code:
        return code
    CHANGED.write_text(json.dumps(folders) + "\n", "utf-8")
    print(*folders, f"{len(folders)} of the plugins differ.", sep="\n")
    return 0


def changed_since(revision: str) -> tuple[int, list[str]]:
    """Find the plugins that differ from a revision; also returns the exit code of the kit."""
    code, document = run_kit("package", "--all", "--since", revision, "--dry-run")
    if code:
        return code, []
    changed = set(document["changed"])
    if commit := document["since"]["commit"]:  # without one, all have changed
        here = ("--cached", "--others", "--exclude-standard", "--")
        manifests = listed("ls-files", *here, "plugin.toml", "*/plugin.toml")
        paths = listed("diff", "--name-only", "--no-renames", "--relative", commit)
        paths += listed("ls-files", "--others", "--exclude-standard")
        plugins = {Path(path).parent.as_posix() for path in manifests if Path(path).is_file()}
        changed |= {folder for folder in plugins if any(path.startswith(f"{folder}/") for path in paths)}
    return 0, sorted(changed)


def run_kit(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command of the kit; returns its exit code and its JSON. What is wrong is printed."""
    command = [sys.executable, "-P", "-m", "builder", *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    document: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
    for part in (document, *document.get("plugins", ())):
        if part.get("message"):
            print(part.get("folder", ""), part["message"], part.get("hint", ""), file=sys.stderr)
    return done.returncode, document


def listed(*arguments: str) -> list[str]:
    """List paths with git, relative to this folder."""
    command = ["git", arguments[0], "-z", *arguments[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", errors="surrogateescape", check=True)
    return [path for path in done.stdout.split("\0") if path]


if __name__ == "__main__":
    raise SystemExit(main())
