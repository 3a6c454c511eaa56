"""Check the ZIP that another tool built, and write it with its evidence, unless an earlier run did."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

import builder
from builder import bundle as bundles
from builder import evidence
from builder.archive.atomic_files import atomic_file
from builder.archive.reader import read_content, read_members
from builder.archive.tree_digest import tree_digest
from builder.build_values import Artifact, Bundle, Entry, FileSlice, Lock
from builder.errors import PackagingError, Problem, Severity, VerificationError
from builder.evidence.components import Component, PackageAnalysis
from builder.evidence.evidence_writer import FinishedBuild, write_evidence
from builder.evidence.sbom.dependency_graph import ROOT
from builder.host.fingerprint import code_digest
from builder.secrets import refuse_secrets
from builder.stages import CheckedPlugin, PackagedPlugin
from builder.unlocked_packaging.handler_place import handler_problem
from builder.unlocked_packaging.known_packages import read_known_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from builder.build_values import PackMember
    from builder.evidence import EvidenceSettings
    from builder.manifest.model import Manifest
    from builder.unlocked_packaging.known_packages import KnownContent, KnownPackage

_NO_LOCK = Lock(file=None, packages=())


class _ExaminedZip(Struct, frozen=True, kw_only=True):
    """A ZIP that Lambda would accept.

    Attributes:
        checked: The plugin, with the warnings about the ZIP.
        members: Its files.
        known: Its packages and their versions, from its own metadata.
        sha256: Of the ZIP.
    """

    checked: CheckedPlugin
    members: tuple[PackMember, ...]
    known: KnownContent
    sha256: str


class _FileInZip(Struct, frozen=True):
    """A file of the ZIP, for the search for secrets."""

    path: str
    origin: str
    content: bytes


def check_prebuilt(checked: CheckedPlugin) -> CheckedPlugin:
    """Check the ZIP of a plugin that names a prebuilt one, if the other tool has already built it.

    Raises:
        PackagingError: It is not a ZIP that Lambda accepts, is too large, or lacks the handler.
        ProjectError: It has secrets.
    """
    if not _zip_of(checked.manifest).is_file():
        message = f"{checked.manifest.prebuilt} does not exist yet, so only plugin.toml was checked."
        missing = Problem(
            file=checked.manifest.file.name, message=message, code="not-built-yet", severity=Severity.WARNING
        )
        return replace(checked, warnings=(*checked.warnings, missing))
    return _examine(checked).checked


def package_prebuilt(checked: CheckedPlugin, target: Path) -> PackagedPlugin:
    """Check the ZIP, copy it, and write the evidence beside it, unless an earlier run did.

    Args:
        checked: The plugin.
        target: Where the copy belongs.

    Raises:
        PackagingError: The ZIP does not exist, is not one that Lambda accepts, is too large, or lacks
            the handler.
        ProjectError: It has secrets.
    """
    examined = _examine(checked)
    manifest = checked.manifest
    settings = evidence.read_settings(manifest, _NO_LOCK, os.environ)
    digest = _inputs_digest(manifest, examined.sha256, settings.inputs)
    previous = evidence.find_previous_build(target, digest, keyid=settings.keyid)
    if previous:
        return PackagedPlugin(
            artifact=previous.artifact,
            report=previous.report,
            report_file=evidence.report_file(target),
            packages=previous.packages,
            warnings=(*examined.checked.warnings, *evidence.recorded_warnings(previous.report)),
            unchanged=True,
        )
    return _write(examined, settings, digest, target)


def _zip_of(manifest: Manifest) -> Path:
    return manifest.folder / manifest.prebuilt


def _examine(checked: CheckedPlugin) -> _ExaminedZip:
    manifest = checked.manifest
    file = _zip_of(manifest)
    if not file.is_file():
        message = f"{manifest.prebuilt} does not exist, and the kit does not build it."
        raise PackagingError(message, hint="Run the tool that builds it first, or correct prebuilt under [build].")
    try:
        members = read_members(file)
    except VerificationError as error:
        message = f"{manifest.prebuilt} is not a ZIP that every program reads the same way."
        raise PackagingError(message, hint=error.hint, problems=error.problems) from error
    by_path = {member.path: member for member in members}
    known = read_known_content([*by_path], lambda path: read_content(file, by_path[path]))
    sizes = bundles.check_sizes(file.stat().st_size, sum(member.size for member in members), ())
    files = {member.path: member.mode for member in members}
    handler = manifest.plugin.handler
    problem, hint = handler_problem(handler, manifest.runtime.language, files, known.classes)
    if problem:
        raise PackagingError(problem, hint=hint)
    secrets = refuse_secrets(manifest, _files(file, members))
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    unread = (
        Problem(
            file=path,
            message="It cannot be read, so the SBOM does not list what is in it.",
            code="incomplete-sbom",
            severity=Severity.WARNING,
        )
        for path in known.unread
    )
    warnings = (*checked.warnings, *sizes, *secrets, *unread)
    return _ExaminedZip(checked=replace(checked, warnings=warnings), members=members, known=known, sha256=sha256)


def _files(file: Path, members: Sequence[PackMember]) -> Iterator[_FileInZip]:
    for member in members:
        yield _FileInZip(member.path, member.path, read_content(file, member))


def _inputs_digest(manifest: Manifest, sha256: str, settings: Sequence[str]) -> str:
    plugin = manifest.plugin
    inputs = [
        [plugin.name, plugin.version, plugin.runtime, plugin.handler, manifest.prebuilt, sha256],
        [dict(manifest.build.allow_secrets), list(settings), builder.__version__, code_digest()],
    ]
    return f"sha256:{hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()}"


def _write(examined: _ExaminedZip, settings: EvidenceSettings, digest: str, target: Path) -> PackagedPlugin:
    manifest = examined.checked.manifest
    source = _zip_of(manifest)
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as stream, atomic_file(target) as copy:
        shutil.copyfileobj(stream, copy)
    artifact = Artifact(
        file=target,
        sha256=examined.sha256,
        size=source.stat().st_size,
        unpacked_size=sum(member.size for member in examined.members),
        entries=len(examined.members),
        tree_digest=tree_digest(examined.members),
    )
    bundle = Bundle(entries=tuple(_entries(examined, target)), tree_digest=artifact.tree_digest)
    rows = evidence.package_rows(bundle)
    report = evidence.build_report(manifest, _NO_LOCK, rows, artifact, inputs=digest)
    report |= {"prebuilt": {"file": manifest.prebuilt}}
    report_file = evidence.write_report(report, target)
    finished = FinishedBuild(
        manifest=manifest, analysis=_analysis(examined), bundle=bundle, artifact=artifact, settings=settings
    )
    soup_warnings = write_evidence(finished)
    return PackagedPlugin(
        artifact=artifact,
        report=report,
        report_file=report_file,
        packages=rows,
        warnings=(*examined.checked.warnings, *soup_warnings),
        unchanged=False,
    )


def _entries(examined: _ExaminedZip, file: Path) -> Iterator[Entry]:
    owners = [(place, _label(package)) for package in examined.known.packages for place in package.files]
    folders = sorted(((place, label) for place, label in owners if place.endswith("/")), key=lambda one: -len(one[0]))
    single = dict(owners)
    for member in sorted(examined.members, key=lambda member: member.path.encode()):
        inside = (label for place, label in folders if member.path.startswith(place))
        yield Entry(
            path=member.path,
            mode=member.mode,
            size=member.size,
            sha256=member.sha256,
            crc32=member.crc32,
            method=member.method,
            compressed_size=member.compressed_size,
            source=FileSlice(str(file), member.offset),
            owner=single.get(member.path) or next(inside, ""),
        )


def _analysis(examined: _ExaminedZip) -> PackageAnalysis:
    digests = {member.path: member.sha256 for member in examined.members}
    components = {
        _label(package): Component(
            ref=package.purl,
            name=package.name,
            version=package.version,
            purl=package.purl,
            hashes=tuple(("SHA-256", digests[path]) for path in package.files if path in digests)[:1],
        )
        for package in examined.known.packages
    }
    return PackageAnalysis(
        components=components, requires={ROOT: tuple(components)}, texts=tuple((label, "") for label in components)
    )


def _label(package: KnownPackage) -> str:
    return f"{package.name} {package.version}"
