"""The local BioT that ``biot-plugin dev`` publishes to: one that is running, or one of its own."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cli.local_biot import collect_garbage_regularly, open_local_biot
from builder.cli.output import print_text
from builder.cli.plugin_starter import LocalPluginStarter, NoPluginStarter
from builder.errors import PublishError, SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from builder.dev.watched_plugin import PluginStarter
    from sandbox.functions.debugging import WaitingFunction
    from sandbox.functions.service import FunctionService


class DevBiot:
    """A local BioT.

    Args:
        address: Where it is.
        starter: Starts the code of plugins there.
        page: What a person looks at in the browser.
        functions: Runs the plugins; None when another command does.

    Attributes:
        address: Where it is.
        starter: Starts the code of plugins there.
    """

    def __init__(
        self, address: str, starter: PluginStarter, page: str, functions: FunctionService | None = None
    ) -> None:
        self.address = address
        self.starter = starter
        self._page = page
        self._functions = functions

    @property
    def is_debugging(self) -> bool:
        """Whether plugins wait for a debugger."""
        return self._functions is not None and self._functions.is_debugging

    def debug(self, waiting: Callable[[WaitingFunction], None] | None) -> None:
        """Let plugins wait for a debugger from now on, or no longer.

        Args:
            waiting: Called whenever one waits; None switches it off.

        Raises:
            SandboxError: The local BioT belongs to another command.
        """
        from sandbox.functions.debugging import Debugger

        if self._functions is None:
            message = f"Another command runs the local BioT on {self.address}, so its plugins cannot be debugged."
            raise SandboxError(message, hint="Stop that command, then run `biot-plugin dev --debug`.")
        self._functions.debug(Debugger(find_debugpy(os.environ), waiting) if waiting else None)

    def open_page(self) -> None:
        """Open its page in the browser.

        Raises:
            SandboxError: There is no browser.
        """
        import webbrowser

        if not webbrowser.open(self._page):
            message = f"No browser could be started for {self._page}."
            raise SandboxError(message, hint="Open the address by hand, or name a browser in BROWSER.")


@contextmanager
def dev_biot(port: int, *, any_python: bool) -> Iterator[DevBiot]:
    """The local BioT that is running, or one that runs until the end of the block."""
    from builder.publishing.state_folder import find_state_folder, private_folder
    from sandbox import openapi
    from sandbox.functions.service import ServiceSettings, default_cache
    from sandbox.server import ServerOptions, start

    state = find_state_folder(os.environ)
    if address := _running_address():
        print_text(f"Local BioT on {address}")
        yield DevBiot(address, NoPluginStarter(), f"{address}{openapi.PATH}")  # only that command knows its console
        return
    private_folder(state.folder)
    settings = ServiceSettings(cache=default_cache(), any_python=any_python)
    with start(ServerOptions(folder=state.folder / "sandbox", port=port, functions=settings)) as running:
        collect_garbage_regularly()
        open_local_biot(running, state, new_password=False)
        print_text(f"Local BioT on {running.base_url} (it stops with this command)")
        print_text(f"Console: {running.console_url}")
        starter = LocalPluginStarter(running.state)
        yield DevBiot(running.base_url, starter, running.console_url, running.state.functions)


def find_debugpy(environ: Mapping[str, str]) -> Path | None:
    """Return the folder of debugpy: of the active virtual environment, or beside the kit; None if it is in neither."""
    from importlib.util import find_spec

    if environment := environ.get("VIRTUAL_ENV"):
        patterns = ("lib/python3*/site-packages/debugpy", "Lib/site-packages/debugpy")
        for pattern in patterns:
            if found := next(iter(sorted(Path(environment).glob(pattern))), None):
                return found.resolve()
    found_spec = find_spec("debugpy")
    return Path(found_spec.origin).resolve().parent if found_spec and found_spec.origin else None


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
