"""Starts the code of plugins on the local BioT of this process, or leaves it to another process."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.dev.watched_plugin import NextCode
    from sandbox.instance_state import InstanceState


class LocalPluginStarter:
    """Starts plugins on a local BioT of this process.

    Args:
        state: Of the local BioT.
    """

    def __init__(self, state: InstanceState) -> None:
        self._state = state

    def start(self, plugin: str) -> None:
        """Start the code that is published, and wait until it is ready.

        Raises:
            SandboxError: It does not run on this machine.
        """
        from sandbox.endpoints.plugin_functions import function_of

        self._state.functions.prepare(function_of(self._state.database, plugin))

    def start_early(self, code: NextCode) -> None:
        """Start code while it is being published."""
        from sandbox.endpoints.plugin_functions import function_after_update
        from sandbox.web.biot_errors import ApiError

        with suppress(ApiError):  # the plugin is disabled or gone: `start` says so
            function = function_after_update(self._state.database, code.plugin, code.sha256, code.variables)
            self._state.functions.prepare_early(function, code.artifact)


class NoPluginStarter:
    """Starts nothing: the local BioT is another process, and starts a plugin at its next call."""

    def start(self, plugin: str) -> None:
        """Do nothing."""

    def start_early(self, code: NextCode) -> None:
        """Do nothing."""
