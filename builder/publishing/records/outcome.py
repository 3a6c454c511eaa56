"""How a publish ends, and what is said then. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.errors import PublishError
    from builder.publishing.api_values import RemotePlugin


class Verdict(StrEnum):
    """The five endings; there is no sixth."""

    DONE = "done"
    NOTHING_TO_DO = "nothing-to-do"
    NOT_APPLIED = "not-applied"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishOutcome:
    """What is known in the end, and nothing that is only hoped.

    Attributes:
        verdict: One of the five.
        detail: Why, as sentences.
        hint: The next step; empty when nothing has to be done.
        remote: The plugin as it was read last; None when it is not there or could not be read.
        version_from: Before; None when there was no such plugin.
        version_to: What was to be reached.
        requests: How many changing requests were sent.
        cause: What stood in the way, where something did.
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
        """The failure's kind for machines: of what stood in the way when nothing was applied, else the verdict."""
        if self.verdict is Verdict.NOT_APPLIED and self.cause is not None:
            cause: str = getattr(self.cause, "kind", self.verdict.value)
            return self.verdict.value if cause == "unknown" else cause
        return self.verdict.value


def describe_remote(remote: RemotePlugin | None) -> str:
    """A plugin as part of a sentence: version, digest and time, since BioT tells nobody's name."""
    if remote is None:
        return "not there"
    digest = remote.tree_digest
    code = f"code {digest[:19]}…" if digest is not None else "code that nothing names"
    when = f", last modified {remote.last_modified_time}" if remote.last_modified_time else ""
    return f"version {remote.version} with {code}{when}"
