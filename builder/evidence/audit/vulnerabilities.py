"""``biot-plugin audit``: an SBOM against a copy of the OSV database on disk. Nothing is asked of any server."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import VerificationError
from builder.evidence.audit.osv import Advisory, AuditedPackage, judge, subject_of
from builder.evidence.checksums import evidence_files, file_digest
from builder.evidence.components import normalized_name
from builder.evidence.sbom.sbom_reader import Sbom, read_sbom_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LARGEST = 32 << 20
"""Bytes of one entry; the largest of the public database have about one million."""

_NAME = re.compile(rb'"name"\s*:\s*"([^"\\]{1,300})"')
_MODIFIED = re.compile(rb'"modified"\s*:\s*"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)')


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """What a dump says about an SBOM.

    Attributes:
        sbom: File that was looked at.
        found: Entries that speak of versions in it, by component and id.
        checked: How many components could be looked up.
        unchecked: Those that could not: no purl, another ecosystem, a version that cannot be compared.
        entries: How many entries the dump has.
        dump_date: When the newest of them was modified, UTC; empty when none says.
        unread: Files of the dump that might matter and could not be understood.
    """

    sbom: Path
    found: tuple[Advisory, ...]
    checked: int
    unchecked: tuple[str, ...]
    entries: int
    dump_date: str
    unread: tuple[str, ...]


def audit(subject: Path, dump: Path) -> Audit:
    """Look up every component of an SBOM.

    Args:
        subject: An SBOM, or an artifact of this kit with its SBOM beside it.
        dump: A folder with OSV entries as JSON files, at any depth: an unpacked ``all.zip`` of the database.

    Raises:
        VerificationError: The SBOM is missing or another artifact's; the dump holds no entry.
    """
    file = evidence_files(subject)["sbom"] if subject.suffix == ".zip" else subject
    sbom = read_sbom_file(file)
    if file != subject and sbom.artifact_sha256 != file_digest(subject):
        msg = f"{file.name} is not the SBOM of {subject.name}: it describes other bytes."
        raise VerificationError(msg, hint="Run `biot-plugin package` again, or name the SBOM itself.")
    subjects, unchecked = _subjects(sbom)
    reading = _Reading(subjects)
    reading.read(dump)
    if not reading.entries:
        msg = f"{dump} holds no OSV entries."
        raise VerificationError(
            msg, hint="Unpack the database's all.zip (for PyPI or npm) there: one JSON file an entry."
        )
    return Audit(
        sbom=file,
        found=tuple(sorted(reading.found, key=lambda one: (one.subject.label, one.id))),
        checked=len(sbom.components) - len(unchecked),
        unchecked=unchecked,
        entries=reading.entries,
        dump_date=f"{reading.newest}Z" if reading.newest else "",
        unread=tuple(reading.unread),
    )


def _subjects(sbom: Sbom) -> tuple[tuple[AuditedPackage, ...], tuple[str, ...]]:
    found, unchecked = [], []
    for component in sbom.components:
        one = subject_of(component.purl, component.label)
        if one is None:
            unchecked.append(component.label)
        else:
            found.append(one)
    return tuple(found), tuple(unchecked)


class _Reading:
    """One pass over a dump; only entries that name one of our packages are parsed, which most do not."""

    def __init__(self, subjects: Iterable[AuditedPackage]) -> None:
        self.entries = 0
        self.newest = ""
        self.found: list[Advisory] = []
        self.unread: list[str] = []
        self._subjects: dict[tuple[str, str], list[AuditedPackage]] = {}
        for one in subjects:
            self._subjects.setdefault((one.ecosystem, one.name), []).append(one)
        self._names = {normalized_name(name) for _, name in self._subjects}

    def read(self, dump: Path) -> None:
        for file in sorted(dump.rglob("*.json")):
            try:
                data = file.read_bytes() if file.stat().st_size <= LARGEST else b""
            except OSError:
                data = b""
            if data:
                self._entry(data, str(file.relative_to(dump)))
            else:
                self.unread.append(str(file.relative_to(dump)))

    def _entry(self, data: bytes, name: str) -> None:
        moments = [moment.decode() for moment in _MODIFIED.findall(data)]
        self.newest = max([self.newest, *moments])
        self.entries += bool(moments)
        # JSON may write "/" as "\/"; no name of a package has any other character that needs an escape.
        named = {normalized_name(text.decode("utf-8", "replace")) for text in _NAME.findall(data.replace(b"\\/", b"/"))}
        if moments and named.isdisjoint(self._names):
            return
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict) and document.get("id") and moments:
            self.found += judge(document, self._subjects)
        else:
            self.unread.append(name)
