"""What ``biot-plugin dev`` prints while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.cli.output import print_error, print_lines, print_problems, print_text
from builder.errors import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

    from builder.dev.call_feed import CallFeed, ListedCall, ListedChain
    from builder.dev.watched_plugin import Publication, WatchedPlugin
    from builder.errors import KitError
    from sandbox.functions.debugging import WaitingFunction

_INDENT = " " * 9


class DevTerminal:
    """Prints what happens to the plugins."""

    def __init__(self) -> None:
        self._configured: set[str] = set()

    def published(self, publication: Publication) -> None:
        """Print the version that answers now."""
        print_problems(publication.warnings)
        what = f"version {publication.version} answers" if publication.changed else "nothing has changed"
        print_text(f"{publication.plugin}: {what} ({publication.seconds:.2f} s)")

    def failed(self, plugin: WatchedPlugin, error: KitError) -> None:
        """Print why there is no new version, and what answers instead."""
        print_error(error)
        if isinstance(error, SandboxError):  # published, but it does not run on this machine
            return
        then = "The last good version keeps answering." if plugin.answers else "It will be when the errors are fixed."
        print_text(f"{plugin.name}: not published. {then}")

    def waits_for_debugger(self, function: WaitingFunction, plugin: str, folders: tuple[Path, Path]) -> None:
        """Print where a plugin waits for a debugger; the first time also how VS Code attaches to it."""
        from builder.dev.launch_configuration import launch_configuration
        from sandbox.functions.debugging import HOST

        print_text(f"{plugin}: waits for a debugger on {HOST}:{function.port}. Timeouts are paused.")
        if function.name not in self._configured:
            self._configured.add(function.name)
            address = (HOST, function.port)
            entry = launch_configuration(function.language, address, folders, function.task_root)
            print_lines(["For VS Code, in configurations of .vscode/launch.json:", *entry.splitlines()])


def print_calls(feed: CallFeed) -> None:
    """Print what the local BioT called plugins for since the last look."""
    lines = [line for chain in feed.new_chains() for line in _chain_lines(chain)]
    if lines:
        print_lines(lines)


def _chain_lines(chain: ListedChain) -> list[str]:
    """The cause, then one line for each call of a plugin."""
    status = "" if chain.status is None else f": {chain.status}"
    head = f"{chain.time} {chain.title}{status}"
    if not chain.calls:
        return [head, f"{_INDENT}No plugin was called. `biot-plugin why {chain.number}` explains it."]
    return [head, *(line for call in chain.calls for line in _call_lines(call))]


def _call_lines(call: ListedCall) -> list[str]:
    status = "no answer" if call.status is None else str(call.status)
    memory = f", {call.memory_megabytes} MB" if call.memory_megabytes is not None else ""
    line = f"{_INDENT}{call.hook} {call.plugin}: {status}, {call.milliseconds:.1f} ms{memory}"
    return [line, *([f"{_INDENT}  {call.problem}"] if call.problem else [])]
