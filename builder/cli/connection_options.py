"""The environment that a command works on: from ``-e`` and plugin.toml to a connection with credentials."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from builder import manifest as manifests
from builder.cli.progress_bar import TerminalProgress
from builder.cli.terminal import code_prompt
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
class SelectedEnvironment:
    """One environment of BioT, and the plugin.toml that defines it.

    Attributes:
        target: Its name and address.
        plugin: What plugin.toml says of the plugin and its environments; None for the local BioT without one.
        state: The kit's state folder.
    """

    target: TargetEnvironment
    plugin: PluginSummary | None
    state: StateFolder

    @property
    def folder(self) -> Path | None:
        """The plugin's folder, where ``.env`` may be."""
        return self.plugin.folder if self.plugin else None

    def plugin_name(self, argument: str | None) -> str:
        """The plugin that a command is for: the one of the command line, else the one of plugin.toml.

        Raises:
            click.UsageError: There is neither.
        """
        if argument is not None:
            return argument
        if self.plugin is not None:
            return self.plugin.name
        msg = "No plugin.toml found, so the command needs the plugin's name."
        raise click.UsageError(msg)


def name_argument(function: F) -> F:
    """``NAME``: a plugin, with or without ``Plugin-``; the one of plugin.toml when it is left out."""
    return click.argument("name", required=False, metavar="[NAME]")(function)


def select_environment(folder: Path, environment: str | None, *, check_manifest: bool = False) -> SelectedEnvironment:
    """Find the environment that a command line names.

    Args:
        folder: Where plugin.toml is, or a folder below.
        environment: The value of ``-e``.
        check_manifest: Whether every problem of plugin.toml is an error. Otherwise only its name and this environment
            must be right: in an emergency nobody fixes a manifest before `disable`.

    Raises:
        ProjectError, ManifestError: There is no plugin.toml, or it has problems.
        PublishError: No environment is named, or it has no address.
    """
    from builder.publishing.access.connection import resolve_target

    state = find_state_folder(os.environ)
    plugin = _read_plugin(folder, environment, check_manifest=check_manifest)
    environments = plugin.environments if plugin else {}
    return SelectedEnvironment(target=resolve_target(environment, environments, state), plugin=plugin, state=state)


def connect(selected: SelectedEnvironment, *, as_json: bool) -> BiotClient:
    """A client for the environment; use it in a ``with``. It says so when the user has to wait.

    Raises:
        AccessRefused: There are no credentials.
    """
    from builder.publishing.access.connection import open_client

    progress = TerminalProgress(quiet=as_json)
    return open_client(
        selected.target, os.environ, selected.folder, SystemClock(), ask_code=code_prompt(), progress=progress
    )


def _read_plugin(folder: Path, environment: str | None, *, check_manifest: bool) -> PluginSummary | None:
    try:
        file = manifests.find_manifest(folder.resolve())
    except ProjectError:
        if environment == LOCAL:
            return None
        raise
    today = datetime.now(UTC).date()
    plugin = manifests.read_plugin_summary(file, environment=environment, today=today)
    if check_manifest or plugin is None:
        manifests.load(file, environment=environment, today=today)  # raises with every problem
    return plugin
