"""One plugin: package it, publish it to the local BioT, and enable it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from builder import manifest as manifests
from builder import release
from builder.bundle import listed_folders
from builder.dependencies import read_local_folders
from builder.errors import KitError, PublishError
from builder.host.git_repository import repository_top
from builder.publishing.access.connection import open_client
from builder.publishing.planning.differences import VARIABLES
from builder.publishing.planning.plan import Update
from builder.publishing.remote.plugin_actions import require_plugin, set_enabled
from builder.release_artifact import PublishRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.errors import Problem
    from builder.pipeline import Project
    from builder.release import PlannedRelease, PublishResult, ReleaseContext


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """The plugin as the local BioT has it now.

    Attributes:
        plugin: Its name.
        version: The version that answers from now on.
        changed: Whether anything had to be published.
        seconds: From the start of the build until the new code is ready for a call.
        tree_digest: Of the published code: what ``biot-plugin package`` writes into the report.
        warnings: Of the build.
    """

    plugin: str
    version: int
    changed: bool
    seconds: float
    tree_digest: str
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NextCode:
    """New code of a plugin that is about to be published.

    Attributes:
        plugin: Its name with the platform's prefix.
        artifact: The ZIP.
        sha256: Its digest in hexadecimal.
        variables: The plugin's environment variables with this code.
    """

    plugin: str
    artifact: Path
    sha256: str
    variables: Mapping[str, object]


class PluginStarter(Protocol):
    """Starts the code of plugins, so that the next call does not wait for it."""

    def start(self, plugin: str) -> None:
        """Start the code that is published, and wait until it is ready.

        Raises:
            SandboxError: It does not run on this machine.
        """

    def start_early(self, code: NextCode) -> None:
        """Start code while it is being published, and return at once: this takes as long as publishing it."""


class WatchedPlugin:
    """A plugin in a folder of this machine.

    Args:
        project: Where it is. Its environment is ``local``.
        context: This process.
        starter: Starts its code.
    """

    def __init__(self, project: Project, context: ReleaseContext, starter: PluginStarter) -> None:
        self._project = project
        self._context = replace(context, before_sending=self._start_early)
        self._starter = starter
        self._enabled = False
        self._answers = False

    @property
    def name(self) -> str:
        """The name of its folder, which can be shown even when plugin.toml has errors."""
        start = self._project.start
        return start.parent.name if start.is_file() else start.name

    @property
    def answers(self) -> bool:
        """Whether a version of it has been published in this session."""
        return self._answers

    def publish(self) -> Publication:
        """Package the sources as they are now, and publish them unless the local BioT has them already.

        Raises:
            KitError: The plugin cannot be packaged, or the local BioT refused it, so it keeps the code that it has; or
                the published code cannot run on this machine (``SandboxError``).
        """
        start = time.monotonic()
        result = release.publish(self._project, PublishRequest(), self._context)
        outcome = result.outcome
        if not outcome.succeeded or outcome.remote is None:
            raise outcome.cause or PublishError(outcome.detail, hint=outcome.hint)
        digest = _published_digest(result)
        self._answers = True
        if not self._enabled:
            self._enable(result)
        self._starter.start(outcome.remote.full_name)
        return Publication(
            plugin=outcome.remote.name,
            version=outcome.remote.version,
            changed=result.planned.changes_anything,
            seconds=time.monotonic() - start,
            tree_digest=digest,
            warnings=result.planned.prepared.warnings,
        )

    def folders(self) -> tuple[str, ...]:
        """The folders whose files decide the next build; those that are known although plugin.toml has errors."""
        try:
            file = manifests.find_manifest(self._project.start)
        except KitError:
            return (str(self._project.start),)
        top = repository_top(file.parent.resolve())
        folders = [str(folder) for folder in (file.parent, *file.parent.parents) if folder.is_relative_to(top)]
        try:
            manifest = manifests.load(file, today=self._project.today).manifest
            return (*folders, *listed_folders(manifest, read_local_folders(manifest)))
        except KitError:
            return (*folders, *_all_below(file.parent / "src"))

    def file_of(self, name: str) -> Path | None:
        """The absolute path of its plugin.toml, if the plugin has this name."""
        folders = self.folders_of(name)
        return folders[0] / manifests.FILE_NAME if folders else None

    def folders_of(self, name: str) -> tuple[Path, Path] | None:
        """The plugin's folder and the one in it that becomes the root of the artifact, if it has this name."""
        try:
            file = manifests.find_manifest(self._project.start)
            manifest = manifests.load(file, today=self._project.today).manifest
        except KitError:
            return None
        folder = file.parent.resolve()
        return (folder, (folder / manifest.build.root).resolve()) if manifest.plugin.name == name else None

    def _start_early(self, planned: PlannedRelease) -> None:
        plan, files = planned.plan, planned.prepared.files
        if not self._enabled or not isinstance(plan, Update) or plan.code is None:
            return  # the first version of a session, or only settings have changed
        variables = plan.sent.get(VARIABLES)
        if isinstance(variables, dict) and files.artifact is not None and files.artifact_sha256 is not None:
            self._starter.start_early(
                NextCode(
                    plugin=plan.before.full_name,
                    artifact=files.artifact,
                    sha256=files.artifact_sha256,
                    variables=variables,
                )
            )

    def _enable(self, result: PublishResult) -> None:
        """Enable the plugin, unless plugin.toml decides; a plugin is created disabled otherwise."""
        prepared = result.planned.prepared
        if prepared.manifest.plugin.enabled_state is None:
            clock = self._context.clock
            with open_client(prepared.target, self._context.environ, None, clock) as client:
                set_enabled(client, require_plugin(client, prepared.desired.name), enabled=True, clock=clock)
        self._enabled = True


def _published_digest(result: PublishResult) -> str:
    """The digest of the code that ``package`` wrote and that the local BioT has; they must be the same.

    Raises:
        PublishError: They differ, which is a bug or a change by somebody else.
    """
    code, remote = result.planned.prepared.desired.code, result.outcome.remote
    packaged, published = (code.tree_digest if code else ""), (remote.tree_digest if remote else "")
    if packaged != published:
        message = f"The local BioT has the code {published or 'of somebody else'}, but {packaged} was packaged."
        raise PublishError(message, hint="Save a file to publish it again.")
    return packaged


def _all_below(folder: Path) -> tuple[str, ...]:
    return tuple(path for path, _, _ in os.walk(folder))
