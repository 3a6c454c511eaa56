"""``biot-plugin audit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option, project_of, project_options
from builder.cli.output import print_document, print_lines, print_problems
from builder.errors import Problem, Severity, VerificationError

if TYPE_CHECKING:
    from builder.evidence.audit.osv import Advisory
    from builder.evidence.audit.vulnerabilities import Audit
    from builder.pipeline import Project

_LISTED = 5


@click.command(
    short_help="Find known vulnerabilities, offline.",
    epilog="""\b
Examples:
  biot-plugin audit --osv osv/                        this plugin's artifact
  biot-plugin audit --osv osv/ dist/my-plugin-1.zip   an artifact
  biot-plugin audit --osv osv/ any.cdx.json           a CycloneDX SBOM

\b
osv/ holds an unpacked copy of the OSV database: all.zip of PyPI, npm and
crates.io, with one JSON file for each entry. Vulnerabilities that were
published after the date of the copy are not found.
""",
)
@click.argument("subject", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "dump",
    "--osv",
    required=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the entries of the OSV database as JSON files.",
)
@project_options
@json_option
def command(subject: Path | None, dump: Path, folder: Path, environment: str | None, *, as_json: bool) -> int:
    """Find known vulnerabilities of an artifact's components in an offline copy of the OSV database.

    SUBJECT is an artifact with its SBOM beside it, or an SBOM. Default: the artifact that `package` wrote.
    Exit code 7 if a vulnerability is found.
    """
    from builder.evidence.audit.vulnerabilities import audit

    result = audit((subject or _latest(project_of(folder, environment))).resolve(), dump)
    if as_json:
        print_document(_describe(result))
    else:
        print_problems([*_unread(result), *map(_problem, result.advisories)])
        print_lines(_summary(result))
    return VerificationError.exit_code if result.advisories else 0


def _latest(project: Project) -> Path:
    from builder import manifest as manifests
    from builder.pipeline import artifact_name

    file = manifests.find_manifest(project.start)
    manifest = manifests.load(file, environment=project.environment, today=project.today).manifest
    artifact = file.parent / "dist" / artifact_name(manifest)
    if not artifact.exists():
        msg = f"No artifact found: {artifact} does not exist."
        raise VerificationError(msg, hint="Run `biot-plugin package` first, or give an artifact or an SBOM.")
    return artifact


def _problem(advisory: Advisory) -> Problem:
    names = ", ".join((advisory.id, *advisory.aliases))
    fix = f"Fixed in {', '.join(advisory.fixed)}." if advisory.fixed else "No fixed version is known."
    return Problem(
        file=advisory.package.label,
        message=f"{names} ({advisory.severity}): {advisory.summary or 'no summary'}",
        hint=f"{fix} Upgrade it and lock again, or explain under anomalies in soup.toml why it does no harm.",
        code="vulnerability",
    )


def _unread(result: Audit) -> list[Problem]:
    if not result.unread:
        return []
    listed = ", ".join(result.unread[:_LISTED]) + (", …" if len(result.unread) > _LISTED else "")
    message = f"{len(result.unread)} file(s) of the OSV copy cannot be read: {listed}."
    return [
        Problem(
            message=message,
            hint="Download the copy again: these entries were not checked.",
            code="unread-advisories",
            severity=Severity.WARNING,
        )
    ]


def _summary(result: Audit) -> list[str]:
    lines = [
        f"{len(result.advisories)} known vulnerabilities in {result.checked} components ({result.sbom.name}).",
        f"OSV copy of {result.dump_date or 'unknown date'}, {result.entries} entries: nothing later was checked.",
    ]
    if result.unchecked:
        listed = ", ".join(result.unchecked[:_LISTED]) + (", …" if len(result.unchecked) > _LISTED else "")
        lines.append(f"Not checked, because OSV has no comparable versions: {len(result.unchecked)} ({listed}).")
    return lines


def _describe(result: Audit) -> dict[str, object]:
    return {
        "status": "found" if result.advisories else "ok",
        "exitCode": VerificationError.exit_code if result.advisories else 0,
        "sbom": str(result.sbom),
        "dumpDate": result.dump_date,
        "entries": result.entries,
        "checked": result.checked,
        "unchecked": list(result.unchecked),
        "unread": list(result.unread),
        "vulnerabilities": [
            {
                "component": advisory.package.label,
                "purl": advisory.package.purl,
                "id": advisory.id,
                "aliases": list(advisory.aliases),
                "severity": advisory.severity,
                "summary": advisory.summary,
                "fixed": list(advisory.fixed),
            }
            for advisory in result.advisories
        ],
    }
