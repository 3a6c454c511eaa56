"""A plan as values: what is wanted, and what has to be sent to have it."""

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
        tree_digest: ``sha256:<hex>`` of a ZIP's tree, or ``image:<tag>`` of an image.
        file: The ZIP; None for an image.
        image_tag: The image's tag; None for a ZIP.
    """

    tree_digest: str
    file: Path | None = None
    image_tag: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DesiredPlugin:
    """What BioT should have in the end.

    Attributes:
        name: The plugin's name without ``Plugin-``.
        settings: ``builder.manifest.render_config``; with ``PLUGIN_TREE_DIGEST`` among the variables unless that is
            switched off, in which case only versions can be compared.
        code: The code, or None when BioT's own seed is to run: a new plugin without code, an image without a tag.
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
        """``version`` of plugin.toml: what a new plugin starts with."""
        return int(str(self.settings["version"]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Create:
    """There is no such plugin yet.

    Attributes:
        config: What ``create`` sends.
        code: What goes with it.
        version_to: The first version.
        changes: Line by line, for people.
        notes: What should be known besides.
        before: What BioT has: nothing.
        version_from: The version before: none.
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
    """The plugin is there and differs.

    Attributes:
        sent: What ``update`` sends: only what differs, and always ``version``. Without code that is the version BioT
            has, which makes BioT refuse when somebody publishes code in between.
        code: The code to send; None when BioT has it already.
        before: The plugin as it is.
        version_to: The version after; as before when no code is sent.
        changes: Settings line by line, for people; code and version are told by the other attributes.
        notes: What should be known besides.
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
    """BioT has everything as wanted."""

    remote: RemotePlugin
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseFiles:
    """What is kept of a release besides its settings: the ZIP and its build report, each with its sha256."""

    artifact: Path | None = None
    artifact_sha256: str | None = None
    report: Path | None = None
    report_sha256: str | None = None


ReleasePlan = Create | Update | Unchanged
