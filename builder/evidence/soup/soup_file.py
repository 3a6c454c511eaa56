"""``soup.toml``: what people filled in about the packages; it is checked in and survives every rebuild.

::

    manufacturer = "ACME Medical GmbH"       # of the plugin

    [packages.requests]
    evaluated = "2.32.5"                     # the version that the cells were written for
    requirements = "HTTPS calls to BioT with certificate checks"
    hazards = "A missing timeout would block the alarm"
    anomalies = "https://… read on 2026-11-01: none relevant"
    support = "maintained by the PSF"
    end-of-support = "2028-12-31"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from builder.errors import ManifestError, Problem, Severity, count_problems
from builder.evidence.components import normalized_name
from builder.manifest.text.toml_document import decode, parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SOUP_NAME = "soup.toml"
KEYS = (
    "evaluated",
    "manufacturer",
    "requirements",
    "environment",
    "hazards",
    "anomalies",
    "verification",
    "support",
    "end-of-support",
)
_TOP = ("manufacturer", "packages")
_Place = tuple[str, ...]
_Wrong = tuple[_Place, str, str]
"""Where, what is wrong, and what to do."""
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class SoupFile:
    """What people filled in.

    Attributes:
        manufacturer: Of the plugin; empty when nobody said.
        packages: Name as ``normalized_name`` spells it -> key -> text.
        names: The same names as they stand in the file.
    """

    manufacturer: str = ""
    packages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> Mapping[str, str]:
        """The cells of one package; empty when nobody filled any."""
        return self.packages.get(normalized_name(name), _NOTHING)


def read_soup(folder: Path) -> tuple[SoupFile, bytes]:
    """``soup.toml`` beside plugin.toml, and its bytes; nothing when there is none.

    Raises:
        ManifestError: It cannot be read, or is not as above; with every problem.
    """
    file = folder / SOUP_NAME
    try:
        data = file.read_bytes() if file.exists() else b""
    except OSError as error:
        msg = f"{SOUP_NAME} cannot be read: {error.strerror}."
        raise ManifestError(msg, hint="Check the file, or remove it.") from error
    return parse_soup(data), data


def parse_soup(data: bytes) -> SoupFile:
    """Understand the bytes of a ``soup.toml``, within the bounds that plugin.toml has too.

    Raises:
        ManifestError: As ``read_soup``.
    """
    text = decode(data, file=SOUP_NAME)
    document = parse_toml(text, file=SOUP_NAME)
    listed = document.get("packages", {})
    tables = listed if isinstance(listed, dict) else {}
    wrong = [*_strange(document, _TOP, ()), *_not_texts({"manufacturer": document.get("manufacturer", "")}, ())]
    if not isinstance(listed, dict):
        wrong.append((("packages",), "This must be tables such as [packages.requests].", ""))
    for name, cells in tables.items():
        place = ("packages", name)
        if isinstance(cells, dict):
            wrong += [*_strange(cells, KEYS, place), *_not_texts(cells, place)]
        else:
            wrong.append((place, "This must be a table.", f"Write [packages.{name}] above its cells."))
    if wrong:
        raise _refusal(wrong, text)
    return SoupFile(
        manufacturer=str(document.get("manufacturer", "")),
        packages={
            normalized_name(name): {key: _folded(cell) for key, cell in cells.items()} for name, cells in tables.items()
        },
        names={normalized_name(name): name for name in tables},
    )


def soup_warnings(soup: SoupFile, there: Iterable[tuple[str, str]]) -> tuple[Problem, ...]:
    """Entries for packages that are not in the artifact, and cells that were written for another version.

    Args:
        soup: What people filled in.
        there: Name and version of everything in the SOUP list.
    """
    versions: dict[str, set[str]] = {}
    for name, version in there:
        versions.setdefault(normalized_name(name), set()).add(version)
    found = []
    for key, name in soup.names.items():
        evaluated = soup.packages[key].get("evaluated", "")
        if key not in versions:
            message = f"{name} is not in the artifact any more."
            found.append(_warning(f"packages.{name}", message, "Remove the table, or lock the package."))
        elif evaluated and versions[key] != {evaluated}:
            now = ", ".join(sorted(versions[key])) or "unknown"
            message = f"{name} was evaluated as {evaluated}, and the artifact has {now}."
            hint = "Evaluate it again, above all its published anomalies, and write the version here."
            found.append(_warning(f"packages.{name}.evaluated", message, hint))
    return tuple(found)


def _strange(table: Mapping[str, object], allowed: tuple[str, ...], above: _Place) -> list[_Wrong]:
    from builder.manifest.suggestion import suggest

    found: list[_Wrong] = []
    for key in sorted({*table} - {*allowed}):
        meant = suggest(key, allowed)
        hint = f"Did you mean {meant!r}?" if meant else f"Known are: {', '.join(allowed)}."
        found.append(((*above, key), "This key is not known.", hint))
    return found


def _not_texts(table: Mapping[str, object], above: _Place) -> list[_Wrong]:
    return [
        ((*above, key), "This must be a text or a date.", f'Write it in quotes: {key} = "…".')
        for key, value in table.items()
        if not isinstance(value, str | date)
    ]


def _refusal(wrong: list[_Wrong], text: str) -> ManifestError:
    from builder.manifest.text.line_numbers import line_numbers, line_of

    lines = line_numbers(text)
    problems = [
        Problem(file=SOUP_NAME, line=line_of(lines, place), key=".".join(place), message=message, hint=hint)
        for place, message, hint in wrong
    ]
    return ManifestError(f"{SOUP_NAME} has {count_problems(problems)}.", problems=problems)


def _warning(key: str, message: str, hint: str) -> Problem:
    return Problem(file=SOUP_NAME, key=key, message=message, hint=hint, severity=Severity.WARNING)


def _folded(cell: object) -> str:
    return " ".join(str(cell).split())
