"""What the client of BioT's API takes and gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.platform.reserved_variables import TREE_DIGEST_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping


class SecretText:
    """A text that nothing shows by accident: not repr, not str, not a traceback, not ``dataclasses.asdict``."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; only the wire and the files meant for it ask."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __deepcopy__(self, memo: dict[int, object]) -> SecretText:
        return self

    def __reduce__(self) -> str:
        msg = "A secret is not pickled."
        raise TypeError(msg)


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetEnvironment:
    """One environment of BioT.

    Attributes:
        name: As in ``[environments.NAME]``, or ``local``.
        base_url: Scheme, host and port, without a slash at the end.
    """

    name: str
    base_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemotePlugin:
    """A plugin as BioT answered it.

    Attributes:
        name: Without ``Plugin-``.
        full_name: With ``Plugin-``: the name in paths and the name of the Lambda function.
        display_name: ``displayName``.
        version: 1 to 32767.
        fields: The answer as it came, without the times: every field of the plugin by BioT's own name.
        endpoint_url: Where BioT calls the plugin; empty when the answer has none.
        console_url: ``linkToConsole``: the function in the AWS console; empty when the answer has none.
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
        """``environmentVariables``; empty when the answer has none."""
        variables = self.fields.get("environmentVariables")
        return variables if isinstance(variables, dict) else {}

    @property
    def tree_digest(self) -> str | None:
        """Which code this is, when the plugin was published with its digest: ``sha256:<hex>``."""
        digest = self.environment_variables.get(TREE_DIGEST_NAME)
        return digest if isinstance(digest, str) else None

    @property
    def enabled(self) -> bool:
        """Whether BioT calls it; BioT's default is yes."""
        return self.fields.get("enabledState") != "DISABLED"


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginPage:
    """One page of a search.

    Attributes:
        plugins: Those on this page.
        total: How many there are on all pages together.
    """

    plugins: tuple[RemotePlugin, ...]
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchPage:
    """Rows of a search whose columns are BioT's own, such as subscriptions."""

    rows: tuple[Mapping[str, object], ...]
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemProperties:
    """What the platform says about itself.

    Attributes:
        version: Such as ``2.4.2``.
        server_time: The answer's ``Date``, seconds since 1970 (UTC), or None when it had none.
    """

    version: str
    server_time: float | None
