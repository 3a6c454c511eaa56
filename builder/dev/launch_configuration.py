"""The configuration with which VS Code attaches to a plugin that waits for a debugger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from builder.host.git_repository import repository_top

if TYPE_CHECKING:
    from pathlib import Path


def launch_configuration(language: str, address: tuple[str, int], folders: tuple[Path, Path], remote_root: str) -> str:
    """Return one entry of ``configurations`` in ``.vscode/launch.json``, as JSON.

    Args:
        language: ``python`` or ``nodejs``.
        address: Host and port where the plugin waits.
        folders: The folder of the plugin, and the folder in it that becomes the root of the artifact.
        remote_root: That root, as the plugin sees it.
    """
    host, port = address
    plugin, sources = folders
    inside = sources.relative_to(repository_top(plugin)).as_posix()
    local_root = f"${{workspaceFolder}}/{inside}" if inside != "." else "${workspaceFolder}"
    entry: dict[str, object] = {"name": f"Attach to {plugin.name}", "request": "attach"}
    if language == "python":
        mappings = [{"localRoot": local_root, "remoteRoot": remote_root}]
        entry |= {"type": "debugpy", "connect": {"host": host, "port": port}, "pathMappings": mappings}
    else:
        # Node.js stops at the first line of Lambda's client, so that no breakpoint is missed.
        entry |= {
            "type": "node",
            "address": host,
            "port": port,
            "localRoot": local_root,
            "remoteRoot": remote_root,
            "continueOnAttach": True,
        }
    return json.dumps(entry, indent=2)
