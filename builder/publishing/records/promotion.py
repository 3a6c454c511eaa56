"""Which retained release is what an environment has now, so that another environment can get the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from builder.network.verdict import Verdict
from builder.platform.reserved_variables import TREE_VERSION_NAME
from builder.publishing.failures import NotPossible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from builder.publishing.api_values import RemotePlugin, TargetEnvironment
    from builder.publishing.records.journal_entry import JournalEntry
    from builder.publishing.records.retained_releases import RetainedReleases

_NOT_SENT: Final = frozenset({Verdict.NOT_APPLIED.value, Verdict.CONFLICT.value})


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvenRelease:
    """The release that an environment has now, with its files.

    Attributes:
        source: The environment.
        entry: The publish that sent the code there.
        artifact: The retained ZIP; its sha256 is that of the entry.
        report: The retained build report.
    """

    source: TargetEnvironment
    entry: JournalEntry
    artifact: Path
    report: Path


def find_proven_release(
    source: TargetEnvironment,
    name: str,
    remote: RemotePlugin | None,
    entries: Iterable[JournalEntry],
    retained: RetainedReleases,
) -> ProvenRelease:
    """The retained bytes of the code that an environment has now. Nothing is built again.

    Args:
        source: The environment.
        name: The plugin.
        remote: The plugin as that environment has it.
        entries: The journal of the plugin there.
        retained: The retained files.

    Raises:
        NotPossible: It is unknown which code the environment has, or its bytes are not retained here.
    """
    version, digest = _known_code(source, name, remote)
    sent = [
        entry
        for entry in entries
        if entry.code and (entry.version_to, entry.digest_to) == (version, digest) and entry.verdict not in _NOT_SENT
    ]
    for entry in reversed(sent):
        artifact, report = retained.find(entry.artifact), retained.find(entry.report)
        if artifact is not None and report is not None:
            return ProvenRelease(source=source, entry=entry, artifact=artifact, report=report)
    msg = f"The bytes of {name} version {version} in {source.name} ({digest[:19]}…) are not retained here."
    where = f"on the machine that published it ({sent[-1].who})" if sent else "on the machine that published it"
    hint = (
        f"Promote it {where}, publish its artifact (`biot-plugin publish --artifact FILE`), or let your machines share "
        "their releases (BIOT_PLUGIN_RECORDS). Nothing was sent."
    )
    raise NotPossible(msg, hint=hint)


def _known_code(source: TargetEnvironment, name: str, remote: RemotePlugin | None) -> tuple[int, str]:
    """The version and the digest of the code that an environment has."""
    if remote is None:
        msg = f"{source.name} has no plugin {name}, so nothing of it can be promoted."
        raise NotPossible(msg, hint=f"Publish it there and test it first: `biot-plugin publish -e {source.name}`.")
    digest, mark = remote.tree_digest, remote.environment_variables.get(TREE_VERSION_NAME)
    if digest is None or mark not in {None, str(remote.version)}:
        msg = f"It is unknown which code {name} has in {source.name}: its version {remote.version} has no digest."
        hint = f"Publish it there with the kit and without --without-digest: `biot-plugin publish -e {source.name}`."
        raise NotPossible(msg, hint=hint)
    if digest.startswith("image:"):
        msg = f"{name} is an image in {source.name} (tag {digest.removeprefix('image:')}), and images are not retained."
        hint = "Publish the same image by its file or its tag: --artifact FILE or --image-tag TAG."
        raise NotPossible(msg, hint=hint)
    return remote.version, digest
