"""The connections to BioT that many publishes share, and problems that are the same for all of them.

Each thread has a connection for each environment and source of credentials. One query before the first publish logs in
and shows whether the environment can be used at all. When BioT stops answering later, it is asked once more about a
plugin that it has answered for: only if that fails too, the other plugins are not tried.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from builder.errors import PublishError
from builder.publishing.access.connection import open_client
from builder.publishing.access.credentials import source_variables
from builder.publishing.failures import AccessDenied, NoAnswer, OutcomeUnknown, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from builder.progress import Progress
    from builder.publishing.api.client import BiotClient
    from builder.publishing.api_values import TargetEnvironment
    from builder.release import ReleaseContext

_SHARED: Final = (AccessDenied, Unreachable, NoAnswer)
"""Failures of a query that can be those of the environment, whatever plugin was asked for."""
_SUSPICIOUS: Final = (*_SHARED, OutcomeUnknown)

_Access: TypeAlias = tuple[str, str, "Path | None"]
"""An environment, its address, and the folder whose ``.env`` may have other credentials."""


@dataclass(slots=True)
class _Usability:
    """What is known of one environment with one source of credentials."""

    answered_for: str = ""
    failure: PublishError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class SharedConnections:
    """The connections of one run. Close them at the end.

    Args:
        context: The machine; it may ask a person for the code of a second factor.
        progress: Receives the notes of the connections.
        source: The name of the environment whose code is published; it may have credentials of its own.
    """

    def __init__(self, context: ReleaseContext, progress: Progress, *, source: str | None = None) -> None:
        self._context = context
        self._source = source
        self._progress = progress
        self._local = threading.local()
        self._opening = threading.Lock()
        self._opened: list[BiotClient] = []
        self._usability: dict[_Access, _Usability] = {}

    def try_access(self, target: TargetEnvironment, folder: Path, names: Sequence[str]) -> None:
        """Log in and read a plugin, unless that was done before with the same credentials.

        Args:
            target: The environment.
            folder: The plugin's folder.
            names: Plugins to ask for until there is an answer: one of them could be broken itself.
        """
        usability = self._known(target, folder)
        for name in names:
            if usability.answered_for or isinstance(usability.failure, AccessDenied | Unreachable):
                return
            usability.failure = self._failure_of_reading(target, folder, name)
            usability.answered_for = name if usability.failure is None else ""

    def failure(self, target: TargetEnvironment, folder: Path) -> PublishError | None:
        """Why the environment cannot be used at all, or None."""
        return self._known(target, folder).failure

    def examine(self, error: Exception | None, target: TargetEnvironment, folder: Path) -> None:
        """Find out whether the failure of one plugin is a failure of the environment.

        Args:
            error: Why the publish failed, or None.
            target: The environment.
            folder: The plugin's folder.
        """
        usability = self._known(target, folder)
        if not isinstance(error, _SUSPICIOUS) or not usability.answered_for:
            return
        with usability.lock:
            if usability.failure is None:
                usability.failure = self._failure_of_reading(target, folder, usability.answered_for)

    def client(self, target: TargetEnvironment, folder: Path) -> BiotClient:
        """This thread's connection to an environment.

        Raises:
            AccessDenied: There are no usable credentials.
            Unreachable: The address is not safe for credentials.
        """
        clients: dict[_Access, BiotClient] = self._local.__dict__.setdefault("clients", {})
        access = _access(target, folder)
        if access not in clients:
            context = self._context
            environ = source_variables(context.environ) if target.name == self._source else context.environ
            with self._opening:  # not every keyring can be read by two threads at once
                clients[access] = open_client(
                    target,
                    environ,
                    folder,
                    context.clock,
                    ask_code=context.ask_code,
                    progress=self._progress,
                )
                self._opened.append(clients[access])
        return clients[access]

    def close(self) -> None:
        """Close every connection."""
        for client in self._opened:
            client.close()

    def _known(self, target: TargetEnvironment, folder: Path) -> _Usability:
        return self._usability.setdefault(_access(target, folder), _Usability())

    def _failure_of_reading(self, target: TargetEnvironment, folder: Path, name: str) -> PublishError | None:
        try:
            self.client(target, folder).read(name)
        except _SHARED as error:
            return error
        except PublishError:
            return None  # an answer about this plugin
        return None


def _access(target: TargetEnvironment, folder: Path) -> _Access:
    return target.name, target.base_url, folder if (folder / ".env").exists() else None
