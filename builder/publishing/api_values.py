"""Values of BioT's API: environments, plugins and pages of searches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.platform.reserved_variables import TREE_DIGEST_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetEnvironment:
    """One environment of BioT.

    Attributes:
        name: As in ``[environments.NAME]``, or ``local``.
        base_url: Scheme, host and port, without a trailing slash.
    """

    name: str
    base_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemotePlugin:
    """A plugin as BioT answered it.

    Attributes:
        name: Without ``Plugin-``.
        full_name: With ``Plugin-``: the name in BioT's paths and of the Lambda function.
        display_name: ``displayName``.
        version: 1 to 32767.
        fields: All fields of the response by BioT's names, without the times.
        endpoint_url: The URL that BioT calls; empty when the response has none.
        console_url: ``linkToConsole``: the function in the AWS console; empty when the response has none.
        creation_time: ISO 8601, as answered.
        last_modified_time: ISO 8601, as answered.
    """

    name: str
    full_name: str
    display_name: str
    version: int
    fields: Mapping[str, object] = field(repr=False)  # environment variables may hold secrets
    endpoint_url: str = ""
    console_url: str = ""
    creation_time: str = ""
    last_modified_time: str = ""

    @property
    def environment_variables(self) -> Mapping[str, object]:
        """``environmentVariables``; empty when the response has none."""
        variables = self.fields.get("environmentVariables")
        return variables if isinstance(variables, dict) else {}

    @property
    def tree_digest(self) -> str | None:
        """The digest of the code (``sha256:<hex>``), when the plugin was published with it; else None."""
        digest = self.environment_variables.get(TREE_DIGEST_NAME)
        return digest if isinstance(digest, str) else None

    @property
    def enabled(self) -> bool:
        """Whether BioT calls it; the default is yes."""
        return self.fields.get("enabledState") != "DISABLED"


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginPage:
    """One page of a search.

    Attributes:
        plugins: The plugins on this page.
        total: The number on all pages together.
    """

    plugins: tuple[RemotePlugin, ...]
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchPage:
    """One page of a search in BioT's own columns, such as subscriptions; ``total`` counts all pages."""

    rows: tuple[Mapping[str, object], ...]
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemProperties:
    """BioT's version and time.

    Attributes:
        version: Such as ``2.4.2``.
        server_time: The ``Date`` header in seconds since 1970 (UTC), or None without one.
    """

    version: str
    server_time: float | None
