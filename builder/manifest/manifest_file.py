"""plugin.toml on disk -> ``LoadedManifest``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import ManifestError, Problem, ProjectError, Severity, UsageError, count_problems
from builder.manifest.deserialization import build_manifest
from builder.manifest.environments import LOCAL
from builder.manifest.finding import format_key, shorten
from builder.manifest.schema_check import SCHEMA_FILE
from builder.manifest.suggestion import suggest
from builder.manifest.text.toml_document import SIZE_MAX, decode, parse_toml
from builder.manifest.validation import check_document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from builder.manifest.finding import Finding
    from builder.manifest.model import Manifest

FILE_NAME = "plugin.toml"
_START = "Start a plugin with `biot-plugin new FOLDER`, or write a plugin.toml beside the code you have."


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedManifest:
    """A manifest whose every rule holds.

    Attributes:
        manifest: The manifest.
        warnings: What is allowed and still worth telling.
    """

    manifest: Manifest
    warnings: tuple[Problem, ...]


def find_manifest(start: Path) -> Path:
    """The plugin.toml of a folder or of the nearest folder above it, not beyond the top of its git repository.

    Args:
        start: A folder, or a plugin.toml itself.

    Raises:
        ProjectError: There is none.
    """
    start = start.absolute()
    if start.name == FILE_NAME and start.is_file():
        return start
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
        if (folder / ".git").exists():
            break
    message = f"There is no {FILE_NAME} in {start} or in a folder above it."
    raise ProjectError(message, hint=_START)


def load(file: Path, *, environment: str | None = None, today: date) -> LoadedManifest:
    """Read and check a manifest.

    Args:
        file: The plugin.toml.
        environment: Name of an ``[environments.NAME]`` table to apply, or None.
        today: The day that decides which runtimes can still be used.

    Raises:
        ProjectError: The file is not there or cannot be read.
        UsageError: There is no such environment.
        ManifestError: Anything is wrong with its content; carries all problems.
    """
    return parse(decode(_read(file), file=file.name), file=file.absolute(), environment=environment, today=today)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(SIZE_MAX + 1)
    except FileNotFoundError as error:
        message = f"There is no {file}."
        raise ProjectError(message, hint=_START) from error
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise ProjectError(message, hint="Check its permissions, and that it is a file.") from error


def parse(text: str, *, file: Path, environment: str | None = None, today: date) -> LoadedManifest:
    """Check the text of a manifest; reads no file.

    Args:
        text: TOML.
        file: Where the text comes from, for messages and for the manifest's own folder.
        environment: Name of an ``[environments.NAME]`` table to apply, or None.
        today: The day that decides which runtimes can still be used.

    Raises:
        UsageError: There is no such environment.
        ManifestError: Anything is wrong; carries all problems.
    """
    data = parse_toml(text, file=file.name)
    if environment is not None:
        _refuse_unknown_environment(environment, data, file.name)
    problems = _problems(check_document(data, today=today), text=text, file=file.name)
    if any(problem.severity is Severity.ERROR for problem in problems):
        message = f"{file.name} has {count_problems(problems)}."
        raise ManifestError(message, problems=problems)
    return LoadedManifest(manifest=build_manifest(data, file=file, environment=environment), warnings=problems)


def locate_findings(findings: Iterable[Finding], file: Path) -> tuple[Problem, ...]:
    """Findings about a manifest as problems with their lines; the file is read only when there are findings.

    Args:
        findings: About keys of the manifest.
        file: The plugin.toml.

    Raises:
        ProjectError: The file cannot be read any more.
        ManifestError: It is no text any more.
    """
    findings = tuple(findings)
    if not findings:
        return ()
    return _problems(findings, text=decode(_read(file), file=file.name), file=file.name)


def _problems(findings: Iterable[Finding], *, text: str, file: str) -> tuple[Problem, ...]:
    findings = tuple(findings)
    if not findings:
        return ()
    from builder.manifest.text.line_numbers import line_numbers, line_of

    lines = line_numbers(text)
    problems = (
        Problem(
            message=finding.message,
            hint=finding.hint,
            file=file,
            line=line_of(lines, finding.path),
            key=format_key(finding.path),
            severity=finding.severity,
        )
        for finding in findings
    )
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))


def _refuse_unknown_environment(name: str, data: dict[str, object], file: str) -> None:
    tables = data.get("environments")
    names = sorted({*(tables if isinstance(tables, dict) else ()), LOCAL})
    if name in names:
        return
    suggestion = suggest(name, names)
    message = f"There is no environment {shorten(name)}. Known environments: {', '.join(names)}."
    hint = f"Did you mean -e {suggestion}?" if suggestion else f"Add a table to {file}, with the baseUrl of that BioT:"
    setting = "" if suggestion else f'[environments.{shorten(name)}]\nbaseUrl = "https://api.example.com"'
    raise UsageError(message, hint=hint, setting=setting)


def schema_file() -> Path:
    """The JSON Schema of plugin.toml as shipped, for editors: ``#:schema`` followed by its path or address."""
    return SCHEMA_FILE
