"""An artifact that was built before, before it is published: is it sound, of this plugin, and free of secrets?"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.archive.reader import read_content
from builder.build_values import STORED
from builder.errors import Problem, ProjectError, Severity, VerificationError
from builder.evidence.build_report import report_rows
from builder.handler import check_hooks
from builder.manifest import locate_findings
from builder.secrets import refuse_secrets
from builder.verification.examination import VerificationResult, examine_artifact
from builder.verification.report_comparison import own_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from builder.build_values import PackMember
    from builder.manifest.model import Manifest

_SHOWN = 20
_FLOW = "plugin/"
_PIECE = 4 << 20
_OVERLAP = 64 << 10
_CHUNK = 256 << 10


@dataclass(frozen=True, slots=True)
class _Inside:
    """One of the plugin's own files inside an artifact."""

    path: str
    origin: str
    content: bytes


def examine_prebuilt(file: Path, manifest: Manifest) -> VerificationResult:
    """Hold an artifact against its report, the manifest and the search for secrets.

    Args:
        file: The ZIP; its report lies beside it.
        manifest: The plugin that it is to be published as.

    Raises:
        VerificationError: It is not what its report says, or it is another plugin's or another runtime's.
        ProjectError: A subscription has no hook inside, or secrets are among the plugin's own files; with every place.
    """
    seen = examine_artifact(file)
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
    _refuse_unanswered(manifest, [_inside(file, one, manifest) for one in members if one.path.startswith(_FLOW)])
    parts = ((one.path, part) for one in members for part in _parts(file, one))
    refuse_secrets(manifest, (_Inside(path, _origin(path, manifest), part) for path, part in parts))
    return seen


def _inside(file: Path, member: PackMember, manifest: Manifest) -> _Inside:
    return _Inside(member.path, _origin(member.path, manifest), read_content(file, member))


def _refuse_unanswered(manifest: Manifest, flow: Sequence[_Inside]) -> None:
    """Compare plugin.toml, which may be newer than the artifact, with the hooks inside; other layouts had a warning."""
    problems = locate_findings(check_hooks(manifest, flow), manifest.file)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        msg = "The artifact does not answer all the calls that plugin.toml subscribes it to. Nothing was sent."
        raise ProjectError(msg, problems=errors)


def _parts(file: Path, member: PackMember) -> Iterator[bytes]:
    """A file's content, a large one in overlapping pieces: the kinds of secrets are shorter than the overlap."""
    if member.size <= _PIECE:
        yield read_content(file, member)
        return
    piece = b""
    with file.open("rb") as stream:
        stream.seek(member.offset)
        for chunk in _inflated(stream, member):
            piece += chunk
            if len(piece) >= _PIECE:
                yield piece
                piece = piece[-_OVERLAP:]
    yield piece


def _inflated(stream: BinaryIO, member: PackMember) -> Iterator[bytes]:
    left = member.compressed_size
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    while left and (packed := stream.read(min(left, _CHUNK))):
        left -= len(packed)
        while packed:
            yield packed if member.method == STORED else inflater.decompress(packed, _PIECE)
            packed = b"" if member.method == STORED else inflater.unconsumed_tail


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
