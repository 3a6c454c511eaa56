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

_FEW = 5


@click.command(
    short_help="Known vulnerabilities, from an offline OSV dump.",
    epilog="""\b
Examples:
  biot-plugin audit --osv osv/                 this plugin's last artifact
  biot-plugin audit --osv osv/ dist/my-plugin-1.zip   its SBOM lies beside it
  biot-plugin audit --osv osv/ any.cdx.json           any CycloneDX SBOM

\b
osv/ is an unpacked copy of the OSV database (all.zip of PyPI, npm and
crates.io):
one JSON file an entry. Exit code 7 when something is found. A dump knows
nothing that was published after its date.
""",
)
@click.argument("subject", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "dump",
    "--osv",
    required=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with OSV entries as JSON.",
)
@project_options
@json_option
def command(subject: Path | None, dump: Path, folder: Path, environment: str | None, *, as_json: bool) -> int:
    """Look up every component of an artifact in an offline copy of the OSV database."""
    from builder.evidence.audit.vulnerabilities import audit

    seen = audit((subject or _latest(project_of(folder, environment))).resolve(), dump)
    if as_json:
        print_document(_described(seen))
    else:
        print_problems([*_unread(seen), *map(_problem, seen.advisories)])
        print_lines(_summary(seen))
    return VerificationError.exit_code if seen.advisories else 0


def _latest(project: Project) -> Path:
    from builder import manifest as manifests

    file = manifests.find_manifest(project.start)
    plugin = manifests.load(file, environment=project.environment, today=project.today).manifest.plugin
    artifact = file.parent / "dist" / f"{plugin.name}-{plugin.version}.zip"
    if not artifact.is_file():
        msg = f"{artifact.name} is not there yet."
        raise VerificationError(msg, hint="Run `biot-plugin package` first, or name an artifact or an SBOM.")
    return artifact


def _problem(one: Advisory) -> Problem:
    known = ", ".join((one.id, *one.aliases))
    mend = f"Fixed in {', '.join(one.fixed)}." if one.fixed else "No fixed version is known."
    return Problem(
        file=one.package.label,
        message=f"{known} ({one.severity}): {one.summary or 'no summary'}",
        hint=f"{mend} Raise it and lock again, or write into soup.toml why it does not matter (anomalies).",
    )


def _unread(seen: Audit) -> list[Problem]:
    if not seen.unread:
        return []
    listed = ", ".join(seen.unread[:_FEW]) + (", …" if len(seen.unread) > _FEW else "")
    message = f"{len(seen.unread)} file(s) of the dump cannot be understood: {listed}."
    return [Problem(message=message, hint="Get the dump again: these were not looked at.", severity=Severity.WARNING)]


def _summary(seen: Audit) -> list[str]:
    lines = [
        f"{len(seen.advisories)} known vulnerabilities in {seen.checked} components ({seen.sbom.name}).",
        f"Dump of {seen.dump_date or 'unknown date'}, {seen.entries} entries: what was published later is not known.",
    ]
    if seen.unchecked:
        listed = ", ".join(seen.unchecked[:_FEW]) + (", …" if len(seen.unchecked) > _FEW else "")
        lines.append(f"Not checked, because OSV has no comparable versions of them: {len(seen.unchecked)} ({listed}).")
    return lines


def _described(seen: Audit) -> dict[str, object]:
    return {
        "status": "found" if seen.advisories else "ok",
        "exitCode": VerificationError.exit_code if seen.advisories else 0,
        "sbom": str(seen.sbom),
        "dumpDate": seen.dump_date,
        "entries": seen.entries,
        "checked": seen.checked,
        "unchecked": list(seen.unchecked),
        "unread": list(seen.unread),
        "vulnerabilities": [
            {
                "component": one.package.label,
                "purl": one.package.purl,
                "id": one.id,
                "aliases": list(one.aliases),
                "severity": one.severity,
                "summary": one.summary,
                "fixed": list(one.fixed),
            }
            for one in seen.advisories
        ],
    }
