"""``biot-plugin dev``."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.dev_biot import dev_biot
from builder.cli.keyboard import pressed_keys
from builder.cli.local_biot import stop_signals
from builder.cli.options import project_of, store_option
from builder.cli.output import print_error, print_text, print_to_stderr
from builder.cli.printing.dev_output import DevTerminal, print_calls
from builder.cli.progress_bar import TerminalProgress
from builder.cli.terminal import can_read_answers
from builder.errors import KitError
from builder.manifest.environments import LOCAL
from builder.platform.limits import NAME_PREFIX
from sandbox import PORT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from builder.cli.dev_biot import DevBiot
    from builder.dev.dev_session import DevSession
    from builder.dev.watched_plugin import WatchedPlugin
    from sandbox.functions.debugging import WaitingFunction

_POLL_SECONDS = 0.2
_KEYS = "Keys: o open in the browser, r publish again, d debug, c clear the screen, q quit."


@click.command(
    short_help="Publish the plugin here again on every save.",
    epilog="""\b
Examples:
  biot-plugin dev                  the plugin of this folder
  biot-plugin dev age-calculator nightly-sync      several plugins
  biot-plugin dev --debug          wait for VS Code before the code is loaded
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
@click.option("--debug", is_flag=True, help="Wait for a debugger (debugpy, or Node's inspector), and pause timeouts.")
@store_option
def command(folders: tuple[Path, ...], port: int, *, any_python: bool, debug: bool) -> int:
    """Publish the plugin to the local BioT, and publish it again whenever one of its files is saved.

    Starts a local BioT if none is running. Every call of the plugin is one line, with its status, time and memory.
    FOLDERS are plugins; without any, the plugin of this folder.
    """
    from builder.cli.printing.release_output import release_context
    from builder.dev.call_feed import CallFeed
    from builder.dev.dev_session import DevSession
    from builder.dev.reported_files import ReportedFiles
    from builder.dev.watched_plugin import WatchedPlugin
    from builder.manifest import find_manifest
    from builder.publishing.clock import SystemClock
    from builder.publishing.remote.local_service import open_local_service

    progress = TerminalProgress(quiet=True)
    for folder in folders or (Path(),):
        find_manifest(folder.resolve())  # a wrong folder is an error, before anything is started
    with stop_signals() as signals, ExitStack() as stack:
        biot = stack.enter_context(dev_biot(port, any_python=any_python))
        projects = [project_of(folder, LOCAL) for folder in folders or (Path(),)]
        plugins = [WatchedPlugin(project, release_context(progress), biot.starter) for project in projects]
        terminal = DevTerminal()
        files = ReportedFiles(stack.enter_context(open_local_service(os.environ, SystemClock())), plugins, terminal)
        stack.callback(files.withdraw)
        session = DevSession(plugins, files)
        keys = _Keys(session, biot, _announcer(terminal, plugins))
        if debug:
            keys.switch_debugging()
        feed = CallFeed(stack.enter_context(open_local_service(os.environ, SystemClock())))
        stack.callback(session.stop)
        session.start()
        print_text(f"Watching the files. {_KEYS if can_read_answers() else 'Ctrl-C stops.'}")
        key = stack.enter_context(pressed_keys())
        while not signals and not keys.obey(key()):
            threading.Event().wait(_POLL_SECONDS)
            print_calls(feed)
    print_to_stderr("Stopped. The plugin stays on the local BioT.")
    return 0


class _Keys:
    """Does what single keys ask for."""

    def __init__(self, session: DevSession, biot: DevBiot, waiting: Callable[[WaitingFunction], None]) -> None:
        self._session = session
        self._biot = biot
        self._waiting = waiting

    def obey(self, key: str) -> bool:
        """Do what a key asks for; return whether the session ends."""
        actions: dict[str, Callable[[], None]] = {
            "o": self._biot.open_page,
            "r": self._session.publish_all,
            "d": self._debug,
            "c": click.clear,
        }
        try:
            actions.get(key.lower(), lambda: None)()
        except KitError as error:
            print_error(error)
        return key.lower() == "q"

    def switch_debugging(self) -> None:
        """Let plugins wait for a debugger, or no longer."""
        self._biot.debug(None if self._biot.is_debugging else self._waiting)

    def _debug(self) -> None:
        self.switch_debugging()
        print_text("Debugging is on." if self._biot.is_debugging else "Debugging is off. Timeouts count again.")
        self._session.publish_all()


def _announcer(terminal: DevTerminal, plugins: Sequence[WatchedPlugin]) -> Callable[[WaitingFunction], None]:
    def announce(function: WaitingFunction) -> None:
        name = function.name.removeprefix(NAME_PREFIX)
        folders = next((found for plugin in plugins if (found := plugin.folders_of(name))), None)
        if folders is not None:
            terminal.waits_for_debugger(function, name, folders)

    return announce
