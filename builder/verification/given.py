"""An artifact that was built before, before it is published: is it sound, of this plugin, and free of secrets?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.archive.reader import read_content
from builder.errors import Problem, VerificationError
from builder.evidence.report import report_rows
from builder.secrets import refuse_secrets
from builder.verification.examination import Verified, examine
from builder.verification.reports import own_members

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.manifest.model import Manifest

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Inside:
    """One of the plugin's own files inside an artifact."""

    origin: str
    content: bytes


def examine_given(file: Path, manifest: Manifest) -> Verified:
    """Hold an artifact against its report, the manifest and the search for secrets.

    Args:
        file: The ZIP; its report lies beside it.
        manifest: The plugin that it is to be published as.

    Raises:
        VerificationError: It is not what its report says, or it is another plugin's or another runtime's.
        ProjectError: Secrets are among the plugin's own files; with every place.
    """
    seen = examine(file)
    if seen.differences:
        problems = [
            Problem(file=file.name, key=one.path, message=f"{one.kind.value}: {one.detail}.")
            for one in seen.differences[:_SHOWN]
        ]
        msg = f"{file.name} is not what its report says. Nothing was sent."
        raise VerificationError(msg, hint="Build it again with `biot-plugin package`.", problems=problems)
    if problems := _foreign(seen.report, manifest):
        msg = f"{file.name} was not built from this plugin.toml. Nothing was sent."
        raise VerificationError(msg, hint="Name the right artifact, or build it again.", problems=problems)
    members = own_members(seen.listing.members, report_rows(seen.report))
    refuse_secrets(manifest, (_Inside(_origin(one.path, manifest), read_content(file, one)) for one in members))
    return seen


def _foreign(report: Mapping[str, object], manifest: Manifest) -> list[Problem]:
    """What decides how the code runs, and is not as in the manifest; the version is the platform's business."""
    told = report.get("plugin")
    built = told if isinstance(told, dict) else {}
    plugin = manifest.plugin
    wanted = {"name": plugin.name, "runtime": plugin.runtime, "handler": plugin.handler}
    return [
        Problem(
            file=manifest.file.name,
            key=f"plugin.{key}",
            message=f"The artifact was built for {key} = {built.get(key)}, and plugin.toml says {value}.",
        )
        for key, value in wanted.items()
        if built.get(key) != value
    ]


def _origin(path: str, manifest: Manifest) -> str:
    """Where a file of the artifact lies in the repository, as ``[build.allow-secrets]`` names it."""
    for source, place in manifest.build.shared.items():
        if path.startswith(f"{place.rstrip('/')}/"):
            return f"{source.rstrip('/')}/{path[len(place.rstrip('/')) + 1 :]}"
    return path if manifest.build.root == "." else f"{manifest.build.root.rstrip('/')}/{path}"
