"""A local BioT of its own for a few direct calls: public key, log-in and entities, on a free port, gone afterwards."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.errors import SandboxError
from sandbox import ADMIN
from sandbox.direct_calls.call_outcome import outcome_of
from sandbox.direct_calls.local_function import local_function
from sandbox.hooks.hook_requests import HookTokens
from sandbox.server import ServerOptions, start
from sandbox.ums.first_accounts import create_first_accounts
from sandbox.ums.sessions import log_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.model import Plugin
    from sandbox.direct_calls.call_outcome import CallOutcome
    from sandbox.direct_calls.local_function import LocalCode
    from sandbox.event_files.event_reading import CallEvent
    from sandbox.functions.function_configuration import FunctionConfiguration
    from sandbox.functions.service import ServiceSettings
    from sandbox.hooks.rules.subscription_matching import HookType
    from sandbox.instance_state import InstanceState


class TemporaryBiot:
    """A running local BioT that calls functions.

    Args:
        state: Its state.
        admin_password: Of its administrator.
    """

    def __init__(self, state: InstanceState, admin_password: str) -> None:
        self._state = state
        self._admin_password = admin_password
        self._tokens = HookTokens(state.keys, state.clock)

    def function(self, plugin: Plugin, code: LocalCode) -> FunctionConfiguration:
        """Return the function of an artifact, with a service user of its own.

        Raises:
            FunctionUnavailableError: Neither an image nor plugin.toml names the runtime.
        """
        return local_function(self._state, plugin, code)

    def call(self, function: FunctionConfiguration, event: CallEvent) -> CallOutcome:
        """Call a function.

        Raises:
            FunctionUnavailableError: The function cannot run on this machine.
            RequestTooLargeError: The event has more than 6 MB.
        """
        return outcome_of(event, self._state.functions.invoke(function, event.payload(self._token)))

    def _token(self, kind: HookType | None) -> str:
        """Return a token of the platform for a hook, or one of the administrator."""
        if kind is not None:
            return self._tokens.token_for(kind)
        response: dict[str, Any] = log_in(self._state, ADMIN, self._admin_password)
        return str(response["accessJwt"]["token"])


@contextmanager
def temporary_biot(functions: ServiceSettings) -> Iterator[TemporaryBiot]:
    """Run a local BioT until the block ends.

    Args:
        functions: How functions are run.
    """
    with tempfile.TemporaryDirectory(prefix="biot-plugin-") as folder:
        options = ServerOptions(folder=Path(folder), port=0, functions=functions)
        with start(options) as running:
            accounts = create_first_accounts(running.state.database)
            if accounts is None:
                message = "The folder of the temporary local BioT is not empty."
                raise SandboxError(message, hint="Check the folder for temporary files (TMPDIR).")
            yield TemporaryBiot(running.state, accounts.admin_password)
