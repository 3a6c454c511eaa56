"""The contents of an artifact by package and by size, from a strict reading of all its bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from builder.archive.entry_paths import folders_of
from builder.archive.package_sizes import OWN_FILES, PackageRow, owned_paths
from builder.archive.reader import read_members
from builder.archive.tree_digest import tree_digest
from builder.build_values import Artifact, PackMember
from builder.errors import VerificationError
from builder.evidence.build_report import read_report, report_file, report_rows
from builder.evidence.checksums import file_digest
from builder.image.layout_files import is_layout
from builder.image.layout_reader import ReadLayout, read_layout
from builder.json_keys import to_document
from builder.platform.package_names import normalized_name
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_DIST_INFO = re.compile(r"(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/.*")


class FileRow(Struct, frozen=True, kw_only=True):
    """One file of the artifact; sizes in bytes, those in the ZIP without headers."""

    path: str
    size: int
    packed_size: int


class LayerRow(Struct, frozen=True, kw_only=True):
    """One layer of an image.

    Attributes:
        digest: ``sha256:<hex>`` of the layer as a registry has it.
        size: Bytes as a registry has it.
        files: Number of the plugin's files in it; 0 for a layer of the base, which is not in the artifact.
        unpacked_size: Bytes of its tar; 0 for a layer of the base.
        is_base: Whether it is the base's.
        packages: ``name version`` of each package, as the report says; empty for the plugin's own
            files, for a layer of the base, and without a report.
        has_dockerfile: Whether a Docker engine built it, from the Dockerfile or as a part of the Dockerfile's base.
    """

    digest: str
    size: int
    files: int
    unpacked_size: int
    is_base: bool
    packages: tuple[str, ...] = ()
    has_dockerfile: bool = False

    @property
    def label(self) -> str:
        """What is in it, for people."""
        if self.has_dockerfile:
            return "built from the Dockerfile"
        return "the base image" if self.is_base else ", ".join(self.packages) or OWN_FILES


class Inspection(Struct, frozen=True, kw_only=True):
    """The contents of an artifact.

    Attributes:
        artifact: Its digests and sizes, computed from the file.
        packages: By bytes in the ZIP, the largest first.
        files: By bytes in the ZIP, the largest first.
        layers: Of an image, the lowest first; empty for a ZIP.
        reported: Whether the packages come from the build report beside the artifact; else guessed
            from folders.
        report: That report; empty without one.
    """

    artifact: Artifact
    packages: tuple[PackageRow, ...]
    files: tuple[FileRow, ...]
    reported: bool
    report: Mapping[str, object] = field(default_factory=dict)
    layers: tuple[LayerRow, ...] = ()

    def describe(self) -> dict[str, object]:
        """The contents as a JSON document."""
        return {
            "artifact": {
                "file": self.artifact.file.name,
                "sha256": self.artifact.sha256,
                "treeDigest": self.artifact.tree_digest,
                "size": self.artifact.size,
                "unpackedSize": self.artifact.unpacked_size,
                "files": self.artifact.entries,
            },
            "hasReport": self.reported,
            **({"layers": [to_document(layer) for layer in self.layers]} if self.layers else {}),
            "packages": [
                {
                    "name": row.name,
                    "version": row.version,
                    "files": row.files,
                    "unpackedSize": row.size,
                    "packedSize": row.packed_size,
                }
                for row in self.packages
            ],
            "files": [
                {"path": row.path, "unpackedSize": row.size, "packedSize": row.packed_size} for row in self.files
            ],
        }


def inspect(file: Path) -> Inspection:
    """Read an artifact, and the report beside it if there is one.

    Raises:
        VerificationError: It is not a valid ZIP or image, or not the one that its report describes.
    """
    layout = read_layout(file) if is_layout(file) else None
    members, artifact = (layout.members, layout.artifact) if layout else _read_archive(file)
    report = read_report(report_file(file))
    if report is not None:
        _compare_with_report(artifact, report)
    reported = report_rows(report) if report is not None else ()
    return Inspection(
        artifact=artifact,
        packages=tuple(sorted(reported or guessed_rows(members), key=lambda row: (-row.packed_size, row.label))),
        files=tuple(
            FileRow(path=printable(member.path), size=member.size, packed_size=member.compressed_size)
            for member in sorted(members, key=lambda member: (-member.compressed_size, member.path))
        ),
        reported=bool(reported),
        report=report or {},
        layers=tuple(_layer_rows(layout, report or {})) if layout else (),
    )


def _read_archive(file: Path) -> tuple[tuple[PackMember, ...], Artifact]:
    members = read_members(file)
    artifact = Artifact(
        file=file.absolute(),
        sha256=file_digest(file),
        size=file.stat().st_size,
        unpacked_size=sum(member.size for member in members),
        entries=len(members),
        tree_digest=tree_digest(members),
    )
    return members, artifact


def _layer_rows(layout: ReadLayout, report: Mapping[str, object]) -> Iterator[LayerRow]:
    image = report.get("image")
    rows = image.get("layers") if isinstance(image, dict) else None
    packages = {
        str(row.get("digest")): tuple(printable(str(name)) for name in names)
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and isinstance(names := row.get("packages"), list)
    }
    for layer in layout.layers:
        contents = layer.contents
        yield LayerRow(
            digest=layer.descriptor.digest,
            size=layer.descriptor.size,
            files=len(contents.members) if contents else 0,
            unpacked_size=contents.unpacked_size if contents else 0,
            is_base=contents is None,
            packages=packages.get(layer.descriptor.digest, ()),
            has_dockerfile=layout.has_dockerfile,
        )


def guessed_rows(members: Sequence[PackMember]) -> tuple[PackageRow, ...]:
    """A table by package for an artifact without a report: npm's folders, and Python's top-level names.

    A top-level folder belongs to the package whose ``.dist-info`` has its name. Everything else is
    listed under its own name, without a version.
    """
    versions = dict(_distributions(member.path for member in members))
    owners = [(member.path, _guess(member.path, versions)) for member in members]
    paths = owned_paths(owners)
    groups: dict[str, list[PackMember]] = {}
    for member, (_, owner) in zip(members, owners, strict=True):
        groups.setdefault(owner, []).append(member)
    return tuple(
        PackageRow(
            name=name,
            version=versions.get(name, ""),
            files=len(group),
            size=sum(member.size for member in group),
            packed_size=sum(member.compressed_size for member in group),
            paths=tuple(paths[name]),
        )
        for name, group in sorted(groups.items())
    )


def _distributions(paths: Iterable[str]) -> Iterable[tuple[str, str]]:
    for path in paths:
        match = _DIST_INFO.fullmatch(path)
        if match:
            yield normalized_name(match["name"]), match["version"]


def _guess(path: str, versions: Mapping[str, str]) -> str:
    if "node_modules/" in path:
        inside = path.rpartition("node_modules/")[2].split("/")
        return "/".join(inside[:2]) if inside[0].startswith("@") else inside[0]
    first = path.split("/", 1)[0]
    match = _DIST_INFO.fullmatch(path)
    name = normalized_name(match["name"] if match else first.removesuffix(".libs").partition(".")[0])
    if name in versions:
        return name
    return f"{first}/" if folders_of(path) else first


def _compare_with_report(artifact: Artifact, report: Mapping[str, object]) -> None:
    reported = report.get("artifact")
    expected = reported if isinstance(reported, dict) else {}
    if expected.get("sha256") == artifact.sha256 and expected.get("treeDigest") == artifact.tree_digest:
        return
    same = expected.get("treeDigest") == artifact.tree_digest
    raise VerificationError(
        f"{artifact.file.name} is not the artifact that {report_file(artifact.file).name} describes: "
        + ("it has the same files in different bytes." if same else "it has different files."),
        hint="Run `biot-plugin package` again. To inspect this artifact, remove the report beside it.",
    )
