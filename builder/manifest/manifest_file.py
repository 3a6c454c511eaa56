"""Finds, reads and checks plugin.toml; gives each problem its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import ManifestError, Problem, ProjectError, Severity, UsageError, count_problems
from builder.manifest.deserialization import build_manifest
from builder.manifest.environments import LOCAL
from builder.manifest.finding import format_key, shorten
from builder.manifest.schema.json_schema import SCHEMA_FILE
from builder.manifest.suggestion import suggest
from builder.manifest.text.toml_document import SIZE_MAX, decode, parse_toml
from builder.manifest.validation import check_document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from builder.manifest.finding import Finding, KeyPath
    from builder.manifest.model import Manifest
    from builder.manifest.text.toml_errors import ExpectedValue

FILE_NAME = "plugin.toml"
_HOW_TO_START = "Start a plugin with `biot-plugin new FOLDER`, or write a plugin.toml next to your code."


class LoadedManifest(Struct, frozen=True, kw_only=True):
    """A manifest that follows every rule.

    Attributes:
        manifest: The manifest.
        warnings: What is allowed and may still go wrong.
    """

    manifest: Manifest
    warnings: tuple[Problem, ...]


def find_manifest(start: Path) -> Path:
    """Find the plugin.toml in a folder, or in the nearest folder above it in the same git repository.

    Args:
        start: A folder, or a plugin.toml itself.

    Raises:
        ProjectError: There is no plugin.toml.
    """
    start = start.absolute()
    if start.name == FILE_NAME and start.is_file():
        return start
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
        if (folder / ".git").exists():
            break
    message = f"No {FILE_NAME} found in {start} or in a folder above it."
    raise ProjectError(message, hint=_HOW_TO_START)


def load(file: Path, *, environment: str | None = None, today: date) -> LoadedManifest:
    """Read and check a manifest.

    Args:
        file: The plugin.toml.
        environment: Name of the ``[environments.NAME]`` table to apply, or None.
        today: Decides which runtimes can still be used.

    Raises:
        ProjectError: The file does not exist or cannot be read.
        UsageError: There is no such environment.
        ManifestError: The content has errors; carries all problems.
    """
    return parse(decode(_read(file), file=file.name), file=file.absolute(), environment=environment, today=today)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(SIZE_MAX + 1)
    except FileNotFoundError as error:
        message = f"{file} does not exist."
        raise ProjectError(message, hint=_HOW_TO_START) from error
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise ProjectError(message, hint="Check its permissions, and that it is a file.") from error


def parse(text: str, *, file: Path, environment: str | None = None, today: date) -> LoadedManifest:
    """Check the text of a manifest, without reading a file.

    Args:
        text: TOML.
        file: Where the text comes from, for messages and for the manifest's folder.
        environment: Name of the ``[environments.NAME]`` table to apply, or None.
        today: Decides which runtimes can still be used.

    Raises:
        UsageError: There is no such environment.
        ManifestError: The text has errors; carries all problems.
    """
    data = parse_toml(text, file=file.name, expect=_expected_value)
    if environment is not None:
        _refuse_unknown_environment(environment, data, file.name)
    problems = _problems(check_document(data, today=today), text=text, file=file.name)
    if any(problem.severity is Severity.ERROR for problem in problems):
        message = f"{file.name} has {count_problems(problems)}."
        raise ManifestError(message, problems=problems)
    return LoadedManifest(manifest=build_manifest(data, file=file, environment=environment), warnings=problems)


def locate_findings(findings: Iterable[Finding], file: Path) -> tuple[Problem, ...]:
    """Turn findings about a manifest into problems with lines. Reads the file only if there are findings.

    Args:
        findings: Findings about keys of the manifest.
        file: The plugin.toml.

    Raises:
        ProjectError: The file can no longer be read.
        ManifestError: The file is no longer valid text.
    """
    findings = tuple(findings)
    if not findings:
        return ()
    return _problems(findings, text=decode(_read(file), file=file.name), file=file.name)


def _problems(findings: Iterable[Finding], *, text: str, file: str) -> tuple[Problem, ...]:
    findings = tuple(findings)
    if not findings:
        return ()
    # Imported when there is something to report: most files have no problems.
    from builder.manifest.text.line_numbers import line_numbers, line_of

    lines = line_numbers(text)
    problems = (
        Problem(
            message=finding.message,
            hint=finding.hint,
            file=file,
            line=line_of(lines, finding.path),
            key=format_key(finding.path),
            code=finding.code,
            severity=finding.severity,
        )
        for finding in findings
    )
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))


def _expected_value(path: KeyPath) -> ExpectedValue | None:
    # Imported when there is an error: most files have none.
    from builder.manifest.schema.expected_values import expected_value

    return expected_value(path)


def _refuse_unknown_environment(name: str, data: dict[str, object], file: str) -> None:
    tables = data.get("environments")
    names = sorted({*(tables if isinstance(tables, dict) else ()), LOCAL})
    if name in names:
        return
    suggestion = suggest(name, names)
    message = f"Unknown environment {shorten(name)}. Known environments: {', '.join(names)}."
    hint = f"Did you mean -e {suggestion}?" if suggestion else f"Add a table to {file}, with the baseUrl of that BioT:"
    setting = "" if suggestion else f'[environments.{shorten(name)}]\nbaseUrl = "https://api.example.com"'
    raise UsageError(message, hint=hint, setting=setting)


def schema_file() -> Path:
    """The JSON Schema of plugin.toml, for editors: ``#:schema`` followed by its path or address."""
    return SCHEMA_FILE
