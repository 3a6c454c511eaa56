"""Which BioT a command is for, and the way to it: options, plugin.toml, credentials, a terminal to ask on."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from builder import manifest as manifests
from builder.cli.progress_bar import TerminalProgress
from builder.errors import ProjectError
from builder.manifest.environments import LOCAL
from builder.publishing.clock import SystemClock
from builder.publishing.state_folder import StateFolder, find_state_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from builder.manifest import PluginSummary
    from builder.publishing.api.client import BiotClient
    from builder.publishing.api_values import TargetEnvironment

F = TypeVar("F", bound="Callable[..., object]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """One environment of BioT, and the plugin.toml that named it; the local BioT is there without one."""

    target: TargetEnvironment
    plugin: PluginSummary | None
    state: StateFolder

    @property
    def folder(self) -> Path | None:
        """Where ``.env`` may lie."""
        return self.plugin.folder if self.plugin else None

    def name(self, given: str | None) -> str:
        """The plugin that is meant: as given, or the one of plugin.toml.

        Raises:
            click.UsageError: Neither is there.
        """
        if given is not None:
            return given
        if self.plugin is not None:
            return self.plugin.name
        msg = "There is no plugin.toml here, so name the plugin."
        raise click.UsageError(msg)


def name_argument(function: F) -> F:
    """``NAME``: a plugin, with or without ``Plugin-``; the one of plugin.toml when it is left out."""
    return click.argument("name", required=False, metavar="[NAME]")(function)


def aim(folder: Path, environment: str | None, *, sound: bool = False) -> Aim:
    """Find the environment that was named.

    Args:
        folder: Where plugin.toml is, or above.
        environment: As given with ``-e``.
        sound: Whether plugin.toml must have no problem at all. Else only what it says of its name and of this
            environment must be right: in an emergency nobody mends a manifest before `disable`.

    Raises:
        ProjectError, ManifestError: There is no plugin.toml, or it has problems.
        PublishError: No environment was named, or it has no address.
    """
    from builder.publishing.access.connection import resolve_target

    state = find_state_folder(os.environ)
    plugin = _whereabouts(folder, environment, sound=sound)
    environments = plugin.environments if plugin else {}
    return Aim(target=resolve_target(environment, environments, state), plugin=plugin, state=state)


def connect(where: Aim, *, as_json: bool) -> BiotClient:
    """A client for the environment; use it in a ``with``. It tells people when they have to wait.

    Raises:
        AccessRefused: There are no credentials.
    """
    from builder.publishing.access.connection import open_client

    ask = ask_code if sys.stdin.isatty() and sys.stderr.isatty() else None
    progress = TerminalProgress(quiet=as_json)
    return open_client(where.target, os.environ, where.folder, SystemClock(), ask_code=ask, progress=progress)


def ask_code() -> str:
    """The code of a second factor, from the person at the terminal."""
    code: str = click.prompt("Code of the second factor", err=True)
    return code.strip()


def _whereabouts(folder: Path, environment: str | None, *, sound: bool) -> PluginSummary | None:
    try:
        file = manifests.find_manifest(folder.resolve())
    except ProjectError:
        if environment == LOCAL:
            return None
        raise
    today = datetime.now(UTC).date()
    found = manifests.read_plugin_summary(file, environment=environment, today=today)
    if sound or found is None:
        manifests.load(file, environment=environment, today=today)  # tells every problem
    return found
