"""Check an artifact that was built earlier, before it is published: intact, of this plugin, and without secrets."""

from __future__ import annotations

import zlib
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.archive.reader import read_content
from builder.build_values import STORED
from builder.errors import Problem, ProjectError, Severity, VerificationError
from builder.evidence.build_report import report_rows
from builder.handler import check_hooks
from builder.image.lambda_images import TASK_ROOT
from builder.image.layout_reader import ReadLayout
from builder.manifest import locate_findings
from builder.secrets import refuse_secrets
from builder.verification.examination import VerificationResult, examine_artifact
from builder.verification.layout_contents import layout_contents
from builder.verification.report_comparison import own_members

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from builder.build_values import PackMember
    from builder.manifest.model import Manifest
    from builder.verification.byte_ranges import ArchiveListing

_SHOWN = 20
_FLOW = "plugin/"
_PIECE = 4 << 20
_OVERLAP = 64 << 10
_CHUNK = 256 << 10


class _OwnFile(Struct, frozen=True):
    """One of the plugin's own files inside an artifact."""

    path: str
    origin: str
    content: bytes


def examine_prebuilt(file: Path, manifest: Manifest) -> VerificationResult:
    """Compare an artifact with its report and the manifest, and search it for secrets.

    Args:
        file: The ZIP or the image, with its report beside it.
        manifest: The plugin that it is to be published as.

    Raises:
        VerificationError: It does not match its report, or was built for another plugin or runtime.
        ProjectError: A subscription has no hook, or the plugin's own files contain secrets; with
            every place.
    """
    result = examine_artifact(file)
    if result.differences:
        problems = [
            Problem(
                file=file.name,
                key=difference.path,
                message=f"{difference.kind.value}: {difference.detail}.",
                code="changed-artifact",
            )
            for difference in result.differences[:_SHOWN]
        ]
        msg = f"{file.name} does not match its report. Nothing was sent."
        raise VerificationError(msg, hint="Build it again with `biot-plugin package`.", problems=problems)
    if problems := _wrong_plugin_problems(result.report, manifest):
        msg = f"{file.name} was not built from this plugin.toml. Nothing was sent."
        raise VerificationError(msg, hint="Give the artifact of this plugin, or build it again.", problems=problems)
    members = _own_members(result)
    flow = [member for member in members if member.path.startswith(_FLOW)]
    contents = [(path, b"".join(pieces)) for path, pieces in _pieces(file, result.listing, flow)]
    if manifest.chooses_packages:
        _refuse_missing_hooks(
            manifest, [_OwnFile(path, _origin(path, manifest), content) for path, content in contents]
        )
    parts = ((path, part) for path, pieces in _pieces(file, result.listing, members) for part in _overlapping(pieces))
    refuse_secrets(manifest, (_OwnFile(path, _origin(path, manifest), part) for path, part in parts))
    return result


def _own_members(result: VerificationResult) -> tuple[PackMember, ...]:
    """The plugin's own files; of an image from a Dockerfile, everything below var/task, also installed packages."""
    listing = result.listing
    if isinstance(listing, ReadLayout) and listing.has_dockerfile:
        return tuple(member for member in listing.members if member.path.startswith(f"{TASK_ROOT}/"))
    return own_members(listing.members, report_rows(result.report))


def _refuse_missing_hooks(manifest: Manifest, flow: Sequence[_OwnFile]) -> None:
    """Compare the hooks inside with plugin.toml, which may be newer than the artifact."""
    problems = locate_findings(check_hooks(manifest, flow), manifest.file)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        msg = "The artifact has no hook for some of the calls that plugin.toml subscribes to. Nothing was sent."
        raise ProjectError(msg, problems=errors)


def _pieces(
    file: Path, listing: ArchiveListing | ReadLayout, members: Sequence[PackMember]
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The path of each file, and its content in pieces, which are to be read before the next file."""
    if isinstance(listing, ReadLayout):
        for path, stream in layout_contents(file, listing, {member.path for member in members}):
            yield path, iter(partial(stream.read, _PIECE), b"")
        return
    for member in members:
        yield member.path, [read_content(file, member)] if member.size <= _PIECE else _large(file, member)


def _overlapping(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A file's content; a large one in overlapping pieces, with an overlap longer than any secret."""
    part = b""
    for piece in pieces:
        part += piece
        if len(part) > _PIECE:
            yield part
            part = part[-_OVERLAP:]
    yield part


def _large(file: Path, member: PackMember) -> Iterator[bytes]:
    with file.open("rb") as stream:
        stream.seek(member.offset)
        yield from _inflated(stream, member)


def _inflated(stream: BinaryIO, member: PackMember) -> Iterator[bytes]:
    left = member.compressed_size
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    while left and (packed := stream.read(min(left, _CHUNK))):
        left -= len(packed)
        while packed:
            yield packed if member.method == STORED else inflater.decompress(packed, _PIECE)
            packed = b"" if member.method == STORED else inflater.unconsumed_tail


def _wrong_plugin_problems(report: Mapping[str, object], manifest: Manifest) -> list[Problem]:
    """Settings that decide how the code runs and differ from the manifest's. The version may differ."""
    reported = report.get("plugin")
    built = reported if isinstance(reported, dict) else {}
    plugin = manifest.plugin
    expected = {"name": plugin.name, "runtime": plugin.runtime, "handler": plugin.handler}
    return [
        Problem(
            file=manifest.file.name,
            key=f"plugin.{key}",
            message=f"The artifact was built for {key} = {built.get(key)}, but plugin.toml has {value}.",
            code="wrong-artifact",
        )
        for key, value in expected.items()
        if built.get(key) != value
    ]


def _origin(path: str, manifest: Manifest) -> str:
    """The path of an artifact's file in the repository, as ``[build.allow-secrets]`` names it."""
    for source, place in manifest.build.shared.items():
        if path.startswith(f"{place.rstrip('/')}/"):
            return f"{source.rstrip('/')}/{path[len(place.rstrip('/')) + 1 :]}"
    return path if manifest.build.root == "." else f"{manifest.build.root.rstrip('/')}/{path}"
