"""plugin.toml as values: BioT's field names in Python's spelling, with the platform's documented defaults."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.platform.runtimes import Runtime


class InterceptionType(StrEnum):
    """When BioT calls an interceptor (BioT's guide to interceptor plugins)."""

    PRE_REQUEST = "PRE_REQUEST"
    POST_REQUEST = "POST_REQUEST"
    ADAPT_ENTITY = "ADAPT_ENTITY"


class EnabledState(StrEnum):
    """Whether BioT calls the plugin."""

    ENABLED = "ENABLED"
    DISABLED = "DISABLED"


class PackageType(StrEnum):
    """The form of the code; it cannot change after the plugin is created."""

    ZIP = "ZIP"
    IMAGE = "IMAGE"


class Interception(Struct, frozen=True, kw_only=True):
    """One entry of ``subscriptions.interceptions``; ``api_id`` is METHOD directly followed by the path."""

    type: InterceptionType
    api_id: str | None = None
    entity_type_name: str | None = None
    order: int | None = None


class Notification(Struct, frozen=True, kw_only=True):
    """One entry of ``subscriptions.notifications``."""

    entity_type_name: str
    action_name: str
    template_name: str | None = None


class Subscriptions(Struct, frozen=True, kw_only=True):
    """The API calls and events of the plugin. Empty for a non-specific plugin (direct calls, cron)."""

    interception_order: int | None = None
    interceptions: tuple[Interception, ...] = ()
    notifications: tuple[Notification, ...] = ()


class Cors(Struct, frozen=True, kw_only=True):
    """Access to the plugin's endpoint from browsers; no effect on calls between servers."""

    allow_origins: tuple[str, ...] = ("*",)
    allow_methods: tuple[str, ...] = ("GET", "POST")
    allow_headers: tuple[str, ...] = ("authorization", "content-type")
    expose_headers: tuple[str, ...] = ()


class Plugin(Struct, frozen=True, kw_only=True):
    """The ``[plugin]`` table: the ``config`` that BioT receives. Times are in seconds, sizes in MB.

    Without ``enabled_state`` the kit creates the plugin disabled and never changes its state afterwards.
    """

    name: str
    display_name: str
    version: int
    runtime: str | None = None
    handler: str = "index.handler"
    timeout: int = 60
    memory_size: int = 128
    ephemeral_storage: int = 512
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    subscriptions: Subscriptions = field(default_factory=Subscriptions)
    enabled_state: EnabledState | None = None
    cron_schedule: str | None = None
    deployment_package_type: PackageType = PackageType.ZIP
    analytics_db_access: bool = False
    cors: Cors = field(default_factory=Cors)
    image_tag: str | None = None


class ImageBuild(Struct, frozen=True, kw_only=True):
    """The ``[build.image]`` table.

    Attributes:
        base: The base image, as ``REGISTRY/REPOSITORY:TAG``, or None for AWS's image for the runtime.
        dockerfile: The Dockerfile that a Docker engine builds, relative to plugin.toml; or None if the kit
            builds the image by itself.
    """

    base: str | None = None
    dockerfile: str | None = None


class Build(Struct, frozen=True, kw_only=True):
    """The ``[build]`` table: the kit's own options.

    Attributes:
        root: Folder, relative to plugin.toml, that becomes the root of the artifact.
        requirements: File with Python requirements (may be in a parent folder of the repository), or None for
            ``[project] dependencies`` of pyproject.toml.
        include: gitignore patterns of the plugin's own files to include although they are excluded by default.
        exclude: gitignore patterns of the plugin's own files to exclude.
        scripts: Names of console scripts of packages to keep in ``bin/``.
        prune: Names of sets of package files to leave out (``builder.coldstart.prune_sets``).
        recompress: Whether to compress packages again, with a higher level than their authors used.
        shared: Another folder of the repository, relative to plugin.toml -> its folder in the artifact.
        precompile: Whether to add bytecode for the modules that the handler imports, or for ``"all"``. Python only.
        bundle: Whether to make one file of all scripts and packages; ``"source-map"`` adds a map. JavaScript only.
        image: How the image of an IMAGE plugin is built.
        prebuilt: The ZIP that another tool has built, relative to plugin.toml, or None if the kit builds the code.
        prefer: Path in the artifact -> name of the package whose file is used if two packages differ. Name of a
            module of the runtime -> ``python``, if a package brings a module that would replace it.
        allow_missing: Name of a native library or optional npm package that may be missing -> the reason.
        allow_missing_imports: Name of a module that the plugin imports and that may be missing -> the reason.
        allow_sdist: Names of Python packages without a wheel that are built from source.
        allow_secrets: ``<file>:<kind>`` of a false alarm in the plugin's own files -> why it is not a secret.
    """

    root: str = "src"
    requirements: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    prune: tuple[str, ...] = ()
    precompile: bool | Literal["all"] = False
    bundle: bool | Literal["source-map"] = False
    recompress: bool = False
    shared: Mapping[str, str] = field(default_factory=dict)
    image: ImageBuild = field(default_factory=ImageBuild)
    prebuilt: str | None = None
    prefer: Mapping[str, str] = field(default_factory=dict)
    allow_missing: Mapping[str, str] = field(default_factory=dict)
    allow_missing_imports: Mapping[str, str] = field(default_factory=dict)
    allow_sdist: tuple[str, ...] = ()
    allow_secrets: Mapping[str, str] = field(default_factory=dict)


class Manifest(Struct, frozen=True, kw_only=True):
    """A complete plugin.toml without errors, with one environment applied.

    Attributes:
        file: Absolute path of the manifest.
        plugin: What BioT receives.
        build: How the artifact is built.
        environments: Every ``[environments.NAME]`` table as written (``baseUrl`` and overrides of ``[plugin]``).
        environment: Name of the environment that was applied, or None.
        hosting: Whose account the plugin runs on: ``biot``, or ``own`` for one's own.
    """

    file: Path
    plugin: Plugin
    build: Build = field(default_factory=Build)
    environments: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    environment: str | None = None
    hosting: Literal["biot", "own"] = "biot"

    @property
    def endpoint_url(self) -> str:
        """The address of a plugin on one's own account in the applied environment; empty if there is none."""
        return str(self.environments.get(self.environment or "", {}).get("endpointUrl", ""))

    @property
    def folder(self) -> Path:
        """The plugin's folder, which contains plugin.toml."""
        return self.file.parent

    @property
    def builds_image(self) -> bool:
        """Whether the kit builds the plugin's image; with an ``imageTag``, other tools have pushed it."""
        plugin = self.plugin
        is_image = plugin.deployment_package_type is PackageType.IMAGE
        return is_image and plugin.image_tag is None and plugin.runtime is not None

    @property
    def dockerfile(self) -> str:
        """The Dockerfile that a Docker engine builds; empty if the kit builds the code by itself."""
        return self.build.image.dockerfile or "" if self.builds_image else ""

    @property
    def prebuilt(self) -> str:
        """The ZIP that another tool has built; empty if the kit builds the code."""
        return self.build.prebuilt or ""

    @property
    def chooses_packages(self) -> bool:
        """Whether the kit puts the packages together; otherwise a Dockerfile or another tool does."""
        return not self.dockerfile and not self.prebuilt

    @property
    def pins_base(self) -> bool:
        """Whether ``image.lock`` pins the base image; a Dockerfile names its own."""
        return self.builds_image and not self.dockerfile

    @property
    def is_built(self) -> bool:
        """Whether the kit builds the plugin's code: a ZIP or an image."""
        return self.plugin.deployment_package_type is PackageType.ZIP or self.builds_image

    @property
    def runtime(self) -> Runtime:
        """The Lambda runtime that the code is for.

        Raises:
            KeyError: The manifest has no runtime (an image without one); ZIP manifests always have one.
        """
        # Imported here: the runtimes' dates are not needed to read a manifest.
        from builder.platform.runtimes import ALL_RUNTIMES

        return ALL_RUNTIMES[self.plugin.runtime or ""]
