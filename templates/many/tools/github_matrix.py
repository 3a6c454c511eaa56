"""Print the plugins of changed.json as a matrix of jobs for GitHub: `matrix={"include": [...]}`, or `matrix=` for none.

A job gets one plugin, with the Python and Node.js of its runtime. When there are too many for GitHub, a job gets
several with the same runtime.
"""

import json
import math
import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

CHANGED = Path("changed.json")
MOST_JOBS = 120
"""GitHub allows 256 in one run, and a run has two matrices: https://docs.github.com/en/actions/reference/limits
(read on 2026-11-29)."""
PYTHON = "3.13"
"""For plugins in other languages: tox and the kit need one."""


def main() -> int:
    """Print the line for $GITHUB_OUTPUT."""
    folders = json.loads(CHANGED.read_text("utf-8"))
    if unusable := [folder for folder in folders if re.search(r"\s", folder)]:
        print(f"Rename these folders, so that a shell can take several at once: {unusable}", file=sys.stderr)
        return 1
    jobs = jobs_of({folder: versions(Path(folder, "plugin.toml")) for folder in folders})
    print("matrix=" + (json.dumps({"include": jobs}) if jobs else ""))
    return 0


def versions(manifest: Path) -> tuple[str, str]:
    """Read the Python and the Node.js of a plugin's runtime; no Node.js for Python plugins."""
    runtime = str(tomllib.loads(manifest.read_text("utf-8")).get("plugin", {}).get("runtime", ""))
    if runtime.startswith("nodejs"):
        return PYTHON, runtime.removeprefix("nodejs")
    return runtime.removeprefix("python") if runtime.startswith("python") else PYTHON, ""


def jobs_of(plugins: dict[str, tuple[str, str]]) -> list[dict[str, str]]:
    """Divide the plugins into jobs: as few plugins in each as GitHub allows."""
    groups = defaultdict(list)
    for folder, pair in plugins.items():
        groups[pair].append(folder)
    size = 1
    while sum(math.ceil(len(folders) / size) for folders in groups.values()) > MOST_JOBS:
        size += 1
    return [
        {
            "name": folders[begin] + (f" and {len(share) - 1} more" if len(share) > 1 else ""),
            "plugins": " ".join(share),
            "python": python,
            "node": node,
        }
        for (python, node), folders in groups.items()
        for begin in range(0, len(folders), size)
        for share in [folders[begin : begin + size]]
    ]


if __name__ == "__main__":
    raise SystemExit(main())
