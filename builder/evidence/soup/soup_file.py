"""``soup.toml``, in which people describe the packages. It is checked in, and no build changes it.

::

    manufacturer = "ACME Medical GmbH"       # of the plugin

    [packages.requests]
    evaluated = "2.32.5"                     # the version that this entry describes
    requirements = "HTTPS calls to BioT with certificate checks"
    hazards = "A missing timeout would block the alarm"
    anomalies = "https://… read on 2026-11-01: none relevant"
    support = "maintained by the PSF"
    end-of-support = "2028-12-31"
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct, field

from builder.errors import ManifestError, Problem, Severity, count_problems
from builder.manifest.text.toml_document import decode, parse_toml
from builder.platform.package_names import normalized_name

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
_Invalid = tuple[_Place, str, str]
"""Key path, message and hint."""
_NO_CELLS: Mapping[str, str] = {}


class SoupFile(Struct, frozen=True, kw_only=True):
    """The entries of ``soup.toml``.

    Attributes:
        manufacturer: Of the plugin; empty without one.
        packages: Normalized name -> key -> text.
        names: Normalized name -> name as in the file.
    """

    manufacturer: str = ""
    packages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def cells_of(self, name: str) -> Mapping[str, str]:
        """The cells of one package; empty without an entry."""
        return self.packages.get(normalized_name(name), _NO_CELLS)


def read_soup(folder: Path) -> tuple[SoupFile, bytes]:
    """``soup.toml`` beside plugin.toml, and its bytes; empty without such a file.

    Raises:
        ManifestError: It cannot be read, or is not valid; with every problem.
    """
    file = folder / SOUP_NAME
    try:
        data = file.read_bytes() if file.exists() else b""
    except OSError as error:
        msg = f"{SOUP_NAME} cannot be read: {error.strerror}."
        raise ManifestError(msg, hint="Check its permissions, or remove the file.") from error
    return parse_soup(data), data


def parse_soup(data: bytes) -> SoupFile:
    """Parse the bytes of a ``soup.toml``, with the same size limits as plugin.toml.

    Raises:
        ManifestError: As ``read_soup``.
    """
    text = decode(data, file=SOUP_NAME)
    document = parse_toml(text, file=SOUP_NAME)
    packages = document.get("packages", {})
    tables = packages if isinstance(packages, dict) else {}
    invalid = [
        *_unknown_keys(document, _TOP, ()),
        *_wrong_types({"manufacturer": document.get("manufacturer", "")}, ()),
    ]
    if not isinstance(packages, dict):
        invalid.append((("packages",), "packages must be tables such as [packages.requests].", ""))
    for name, cells in tables.items():
        place = ("packages", name)
        if isinstance(cells, dict):
            invalid += [*_unknown_keys(cells, KEYS, place), *_wrong_types(cells, place)]
        else:
            hint = f"Write [packages.{name}], and its keys on the lines below."
            invalid.append((place, f"{name} must be a table.", hint))
    if invalid:
        raise _error(invalid, text)
    return SoupFile(
        manufacturer=str(document.get("manufacturer", "")),
        packages={
            normalized_name(name): {key: _one_line(cell) for key, cell in cells.items()}
            for name, cells in tables.items()
        },
        names={normalized_name(name): name for name in tables},
    )


def soup_warnings(soup: SoupFile, contained: Iterable[tuple[str, str]]) -> tuple[Problem, ...]:
    """Entries for packages that are not in the artifact, and entries that describe another version.

    Args:
        soup: The entries of ``soup.toml``.
        contained: Name and version of everything in the SOUP list.
    """
    versions: dict[str, set[str]] = {}
    for name, version in contained:
        versions.setdefault(normalized_name(name), set()).add(version)
    warnings = []
    for key, name in soup.names.items():
        evaluated = soup.packages[key].get("evaluated", "")
        if key not in versions:
            message = f"{name} is not in the artifact any more."
            warnings.append(_warning(f"packages.{name}", message, "Remove this table, or add the package to the lock."))
        elif evaluated and versions[key] != {evaluated}:
            now = ", ".join(sorted(versions[key])) or "unknown"
            message = f"{name} was evaluated in version {evaluated}, but the artifact contains {now}."
            hint = "Evaluate the new version, above all its published anomalies, and write that version here."
            warnings.append(_warning(f"packages.{name}.evaluated", message, hint))
    return tuple(warnings)


def _unknown_keys(table: Mapping[str, object], allowed: tuple[str, ...], above: _Place) -> list[_Invalid]:
    from builder.manifest.suggestion import suggest  # only for a file with errors

    invalid: list[_Invalid] = []
    for key in sorted({*table} - {*allowed}):
        suggestion = suggest(key, allowed)
        hint = f"Did you mean {suggestion!r}?" if suggestion else f"Known keys: {', '.join(allowed)}."
        invalid.append(((*above, key), f"Unknown key {key!r}.", hint))
    return invalid


def _wrong_types(table: Mapping[str, object], above: _Place) -> list[_Invalid]:
    return [
        ((*above, key), f"{key} must be a string or a date.", f'Write it in quotes: {key} = "…".')
        for key, value in table.items()
        if not isinstance(value, str | date)
    ]


def _error(invalid: list[_Invalid], text: str) -> ManifestError:
    from builder.manifest.text.line_numbers import line_numbers, line_of

    lines = line_numbers(text)
    problems = [
        Problem(
            file=SOUP_NAME,
            line=line_of(lines, place),
            key=".".join(place),
            message=message,
            hint=hint,
            code="soup-entry",
        )
        for place, message, hint in invalid
    ]
    return ManifestError(f"{SOUP_NAME} has {count_problems(problems)}.", problems=problems)


def _warning(key: str, message: str, hint: str) -> Problem:
    return Problem(file=SOUP_NAME, key=key, message=message, hint=hint, code="soup-outdated", severity=Severity.WARNING)


def _one_line(cell: object) -> str:
    return " ".join(str(cell).split())
