"""``biot-plugin audit``: look up every component of an SBOM in a copy of the OSV database on disk."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import VerificationError
from builder.evidence.audit.osv import Advisory, AuditedPackage, audited_package, matching_advisories
from builder.evidence.checksums import artifact_digest, evidence_files
from builder.evidence.sbom.sbom_reader import Sbom, read_sbom_file
from builder.platform.package_names import normalized_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LARGEST = 32 << 20
"""Bytes of one entry; the largest of the public database have about one million."""

_NAME = re.compile(rb'"name"\s*:\s*"([^"\\]{1,300})"')
_MODIFIED = re.compile(rb'"modified"\s*:\s*"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)')


class Audit(Struct, frozen=True, kw_only=True):
    """The known vulnerabilities of an SBOM's components.

    Attributes:
        sbom: The SBOM's file.
        advisories: Entries that affect its versions, by component and id.
        checked: Number of components that were looked up.
        unchecked: Components that were not: no purl, another ecosystem, a version that cannot be
            compared.
        entries: Number of entries in the dump.
        dump_date: When the newest of them was modified, UTC; empty when none has a date.
        unread: Files of the dump that may affect a component and could not be understood.
    """

    sbom: Path
    advisories: tuple[Advisory, ...]
    checked: int
    unchecked: tuple[str, ...]
    entries: int
    dump_date: str
    unread: tuple[str, ...]


def audit(target: Path, dump: Path) -> Audit:
    """Look up every component of an SBOM.

    Args:
        target: An SBOM, or an artifact of this kit with its SBOM beside it.
        dump: A folder with OSV entries as JSON files, at any depth: an unpacked ``all.zip`` of the
            database.

    Raises:
        VerificationError: The SBOM is missing, belongs to another artifact, or is that of an image
            from a Dockerfile or of a ZIP of another tool, which may lack packages; the dump has no entry.
    """
    file = evidence_files(target)["sbom"] if target.suffix in {".zip", ".oci"} else target
    sbom = read_sbom_file(file)
    if file != target and sbom.artifact_sha256 != artifact_digest(target):
        msg = f"{file.name} is not the SBOM of {target.name}: it describes an artifact with another sha256."
        raise VerificationError(msg, hint="Run `biot-plugin package` again, or give the path of the SBOM itself.")
    if not sbom.lists_packages:
        msg = f"{file.name} does not list all packages: a Docker engine, or the tool that built the ZIP, chose them."
        hint = "Let a scanner write an SBOM (Trivy and Syft write CycloneDX), and audit that file."
        raise VerificationError(msg, hint=hint)
    packages, unchecked = _packages(sbom)
    reader = _DumpReader(packages)
    reader.read(dump)
    if not reader.entries:
        msg = f"No OSV entries found in {dump}."
        hint = "Unpack the database's all.zip (for PyPI or npm) there: one JSON file per entry."
        raise VerificationError(msg, hint=hint)
    return Audit(
        sbom=file,
        advisories=tuple(sorted(reader.advisories, key=lambda advisory: (advisory.package.label, advisory.id))),
        checked=len(sbom.components) - len(unchecked),
        unchecked=unchecked,
        entries=reader.entries,
        dump_date=f"{reader.newest}Z" if reader.newest else "",
        unread=tuple(reader.unread),
    )


def _packages(sbom: Sbom) -> tuple[tuple[AuditedPackage, ...], tuple[str, ...]]:
    packages, unchecked = [], []
    for component in sbom.components:
        package = audited_package(component.purl, component.label)
        if package is None:
            unchecked.append(component.label)
        else:
            packages.append(package)
    return tuple(packages), tuple(unchecked)


class _DumpReader:
    """Reads a dump once, and parses only the entries that name one of the packages, which most do not."""

    def __init__(self, packages: Iterable[AuditedPackage]) -> None:
        self.entries = 0
        self.newest = ""
        self.advisories: list[Advisory] = []
        self.unread: list[str] = []
        self._packages: dict[tuple[str, str], list[AuditedPackage]] = {}
        for package in packages:
            self._packages.setdefault((package.ecosystem, package.name), []).append(package)
        self._names = {normalized_name(name) for _, name in self._packages}

    def read(self, dump: Path) -> None:
        for file in sorted(dump.rglob("*.json")):
            try:
                data = file.read_bytes() if file.stat().st_size <= LARGEST else b""
            except OSError:
                data = b""
            if data:
                self._read_entry(data, str(file.relative_to(dump)))
            else:
                self.unread.append(str(file.relative_to(dump)))

    def _read_entry(self, data: bytes, file: str) -> None:
        dates = [date.decode() for date in _MODIFIED.findall(data)]
        self.newest = max([self.newest, *dates])
        self.entries += bool(dates)
        # JSON may write "/" as "\/"; package names have no other character that needs an escape.
        names = {normalized_name(name.decode("utf-8", "replace")) for name in _NAME.findall(data.replace(b"\\/", b"/"))}
        if dates and names.isdisjoint(self._names):
            return
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict) and document.get("id") and dates:
            self.advisories += matching_advisories(document, self._packages)
        else:
            self.unread.append(file)
