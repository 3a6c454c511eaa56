"""``biot-plugin dev``."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.keyboard import pressed_keys
from builder.cli.local_biot import open_local_biot, stop_signals
from builder.cli.options import project_of, store_option
from builder.cli.output import print_error, print_lines, print_problems, print_text, print_to_stderr
from builder.cli.plugin_starter import LocalPluginStarter, NoPluginStarter
from builder.cli.progress_bar import TerminalProgress
from builder.cli.terminal import can_read_answers
from builder.errors import KitError, PublishError, SandboxError
from builder.manifest.environments import LOCAL
from sandbox import PORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from builder.dev.call_feed import CallFeed, ListedCall, ListedChain
    from builder.dev.dev_session import DevSession
    from builder.dev.watched_plugin import PluginStarter, Publication, WatchedPlugin

_POLL_SECONDS = 0.2
_INDENT = " " * 9
_KEYS = "Keys: r publish again, c clear the screen, q quit."


@click.command(
    short_help="Publish the plugin here again on every save.",
    epilog="""\b
Examples:
  biot-plugin dev                  the plugin of this folder
  biot-plugin dev age-calculator nightly-sync      several plugins
  biot-plugin trigger patient _create              in another terminal

\b
While the sources have errors, the errors are shown and the last good
version keeps answering. `biot-plugin activity` and `why` explain each call.
""",
)
@click.argument("folders", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Its port. 0: a free one.",
)
@click.option("any_python", "--any-python", is_flag=True, help="Use the nearest Python if the right one is missing.")
@store_option
def command(folders: tuple[Path, ...], port: int, *, any_python: bool) -> int:
    """Publish the plugin to the local BioT, and publish it again whenever one of its files is saved.

    Starts a local BioT if none is running. Every call of the plugin is one line, with its status, time and memory.
    FOLDERS are plugins; without any, the plugin of this folder.
    """
    from builder.cli.printing.release_output import release_context
    from builder.dev.call_feed import CallFeed
    from builder.dev.dev_session import DevSession
    from builder.dev.watched_plugin import WatchedPlugin
    from builder.manifest import find_manifest
    from builder.publishing.clock import SystemClock
    from builder.publishing.remote.local_service import open_local_service

    progress = TerminalProgress(quiet=True)
    for folder in folders or (Path(),):
        find_manifest(folder.resolve())  # a wrong folder is an error, before anything is started
    with stop_signals() as signals, ExitStack() as stack:
        starter = stack.enter_context(_local_biot(port, any_python=any_python))
        projects = [project_of(folder, LOCAL) for folder in folders or (Path(),)]
        plugins = [WatchedPlugin(project, release_context(progress), starter) for project in projects]
        session = DevSession(plugins, _Terminal())
        feed = CallFeed(stack.enter_context(open_local_service(os.environ, SystemClock())))
        stack.callback(session.stop)
        session.start()
        print_text(f"Watching the files. {_KEYS if can_read_answers() else 'Ctrl-C stops.'}")
        key = stack.enter_context(pressed_keys())
        while not signals and not _obey(key(), session):
            threading.Event().wait(_POLL_SECONDS)
            _print_calls(feed)
    print_to_stderr("Stopped. The plugin stays on the local BioT.")
    return 0


class _Terminal:
    """Prints what happens to the plugins."""

    def published(self, publication: Publication) -> None:
        print_problems(publication.warnings)
        what = f"version {publication.version} answers" if publication.changed else "nothing has changed"
        print_text(f"{publication.plugin}: {what} ({publication.seconds:.2f} s)")

    def failed(self, plugin: WatchedPlugin, error: KitError) -> None:
        print_error(error)
        if isinstance(error, SandboxError):  # published, but it does not run on this machine
            return
        then = "The last good version keeps answering." if plugin.answers else "It will be when the errors are fixed."
        print_text(f"{plugin.name}: not published. {then}")


@contextmanager
def _local_biot(port: int, *, any_python: bool) -> Iterator[PluginStarter]:
    """The local BioT that is running, or one that runs until the end of this command.

    Yields:
        Starts the code of plugins there; does nothing for another command's BioT.
    """
    from builder.publishing.state_folder import find_state_folder, private_folder
    from sandbox.functions.service import ServiceSettings, default_cache
    from sandbox.server import ServerOptions, start

    state = find_state_folder(os.environ)
    if address := _running_address():
        print_text(f"Local BioT on {address}")
        yield NoPluginStarter()
        return
    private_folder(state.folder)
    functions = ServiceSettings(cache=default_cache(), any_python=any_python)
    with start(ServerOptions(folder=state.folder / "sandbox", port=port, functions=functions)) as running:
        open_local_biot(running, state, new_password=False)
        print_text(f"Local BioT on {running.base_url} (it stops with this command)")
        print_text(f"Console: {running.console_url}")
        yield LocalPluginStarter(running.state)


def _running_address() -> str:
    """The address of the local BioT, if one is running; otherwise empty."""
    from builder.publishing.clock import SystemClock
    from builder.publishing.remote.local_service import open_local_service
    from builder.publishing.state_folder import find_state_folder, read_local_biot

    try:
        with open_local_service(os.environ, SystemClock()) as local:
            local.get("/activity", {"limit": "1"})
        known = read_local_biot(find_state_folder(os.environ))
    except PublishError:
        return ""
    return known.base_url if known else ""


def _obey(key: str, session: DevSession) -> bool:
    """Do what a key asks for; return whether the session ends."""
    actions: dict[str, Callable[[], None]] = {"r": session.publish_all, "c": click.clear}
    actions.get(key.lower(), lambda: None)()
    return key.lower() == "q"


def _print_calls(feed: CallFeed) -> None:
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
