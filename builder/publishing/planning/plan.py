"""The desired plugin, and a plan: what has to be sent so that BioT has it. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.platform.reserved_variables import TREE_DIGEST_NAME
from builder.publishing.planning.differences import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.planning.differences import FieldChange


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginCode:
    """The code to publish.

    Attributes:
        tree_digest: ``sha256:<hex>`` of a ZIP's tree, or ``image:<tag>`` of an image. The tag of an image that the kit
            built follows from its content.
        file: The ZIP; None for an image.
        image_tag: The image's tag; None for a ZIP.
    """

    tree_digest: str
    file: Path | None = None
    image_tag: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DesiredPlugin:
    """The plugin as BioT should have it.

    Attributes:
        name: The plugin's name without ``Plugin-``.
        settings: The result of ``builder.manifest.render_config``. ``PLUGIN_TREE_DIGEST`` is among the variables
            unless it is switched off; then only versions can be compared.
        code: The code, or None when BioT's seed runs: a new plugin without code, or an image without a tag.
    """

    name: str
    settings: Mapping[str, object] = field(repr=False)  # environment variables may hold secrets
    code: PluginCode | None

    @property
    def marked(self) -> bool:
        """Whether the code's digest is sent to BioT."""
        variables = self.settings.get(VARIABLES)
        return isinstance(variables, dict) and TREE_DIGEST_NAME in variables

    @property
    def version(self) -> int:
        """``version`` in plugin.toml: the first version of a new plugin."""
        return int(str(self.settings["version"]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Create:
    """The plugin does not exist yet.

    Attributes:
        config: What ``create`` sends.
        code: The code to send with it.
        version_to: The first version.
        changes: The settings, line by line.
        notes: Notes for the user.
        before: Always None.
        version_from: Always None.
    """

    config: Mapping[str, object] = field(repr=False)
    code: PluginCode | None
    version_to: int
    changes: tuple[FieldChange, ...]
    notes: tuple[str, ...] = ()
    before: None = None
    version_from: None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """The plugin exists and differs.

    Attributes:
        sent: What ``update`` sends: only what differs, and always ``version``. Without code this is BioT's current
            version, so that BioT refuses the update when somebody publishes code in between.
        code: The code to send; None when BioT already has it.
        before: The plugin as it is.
        version_to: The version afterwards; the same as before when no code is sent.
        changes: The settings that change, line by line; code and version are in the other attributes.
        notes: Notes for the user.
    """

    sent: Mapping[str, object] = field(repr=False)
    code: PluginCode | None
    before: RemotePlugin
    version_to: int
    changes: tuple[FieldChange, ...]
    notes: tuple[str, ...] = ()

    @property
    def version_from(self) -> int:
        """The version before."""
        return self.before.version


@dataclass(frozen=True, kw_only=True, slots=True)
class Unchanged:
    """BioT has the plugin as wanted."""

    remote: RemotePlugin
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseFiles:
    """The files that are retained of a release: the ZIP and its build report, each with its sha256.

    ``commit`` is the git commit that they were built from; None for that of the plugin's folder.
    """

    artifact: Path | None = None
    artifact_sha256: str | None = None
    report: Path | None = None
    report_sha256: str | None = None
    commit: str | None = None


ReleasePlan = Create | Update | Unchanged
