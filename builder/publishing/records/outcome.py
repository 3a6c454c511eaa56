"""How a publish ends. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.network.verdict import Verdict

if TYPE_CHECKING:
    from builder.errors import PublishError
    from builder.publishing.api_values import RemotePlugin


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishOutcome:
    """What is certain after a publish.

    Attributes:
        verdict: One of the five endings.
        detail: The reason, as sentences.
        hint: The next step; empty when none is needed.
        remote: The plugin as it was last read; None when it does not exist or could not be read.
        version_from: The version before; None for a new plugin.
        version_to: The version to reach.
        requests: How many changing requests were sent.
        cause: The error that prevented success, if any.
    """

    verdict: Verdict
    detail: str
    hint: str = ""
    remote: RemotePlugin | None = None
    version_from: int | None = None
    version_to: int | None = None
    requests: int = 0
    cause: PublishError | None = None

    @property
    def succeeded(self) -> bool:
        """Whether BioT has the plugin as wanted."""
        return self.verdict in {Verdict.DONE, Verdict.NOTHING_TO_DO}

    @property
    def kind(self) -> str:
        """The kind of failure for ``--json``: that of the cause when nothing was applied, else the verdict."""
        if self.verdict is Verdict.NOT_APPLIED and self.cause is not None:
            cause: str = getattr(self.cause, "kind", self.verdict.value)
            return self.verdict.value if cause == "unknown" else cause
        return self.verdict.value


def describe_remote(remote: RemotePlugin | None) -> str:
    """A plugin as part of a sentence: version, digest and time; BioT does not say who changed it."""
    if remote is None:
        return "no such plugin"
    digest = remote.tree_digest
    code = f"code {digest[:19]}…" if digest is not None else "code without a digest"
    when = f", last modified {remote.last_modified_time}" if remote.last_modified_time else ""
    return f"version {remote.version} with {code}{when}"
