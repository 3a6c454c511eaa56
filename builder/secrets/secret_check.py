"""Secrets of all files against what the manifest allows: an error with every place, or warnings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from builder.errors import Problem, ProjectError, Severity
from builder.manifest.finding import format_key, shorten
from builder.manifest.text.toml_snippet import snippet
from builder.secrets.assigned_secrets import classify_value, names_a_secret
from builder.secrets.secret_scan import SecretFinding, scan, scan_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.build_values import OwnFile
    from builder.manifest.finding import KeyPath
    from builder.manifest.model import Manifest

_WAY_OUT = (
    "Take it out of the file, make a new one where it was issued (git keeps the old one for good), and read it when "
    "the function runs. If it is a false alarm, add this to plugin.toml."
)
_MOCK_WAY_OUT = (
    "The function does not need this file: leave it out of the artifact with the lines below. A token that is still "
    "valid must be revoked where it was issued, because git keeps it for good."
)


def refuse_secrets(manifest: Manifest, sources: Iterable[OwnFile]) -> tuple[Problem, ...]:
    """Look through every file that goes into the artifact.

    Args:
        manifest: Its ``[build.allow-secrets]`` names false alarms.
        sources: The plugin's own files.

    Returns:
        A warning for each token that has expired, and for each allowance that allows nothing any more.

    Raises:
        ProjectError: With every secret that is not allowed, by file and line and never by its text.
    """
    allowed = manifest.build.allow_secrets
    found = [(one.origin, one.path, secret) for one in sources for secret in scan(one.origin, one.content)]
    now = time.time()
    problems = [
        _expired(origin, secret) if _has_expired(secret, now) else _problem(origin, path, secret)
        for origin, path, secret in found
        if _place(origin, secret) not in allowed
    ]
    if any(problem.severity is Severity.ERROR for problem in problems):
        msg = "Secrets would go into the artifact; whoever can download or inspect the plugin could read them."
        raise ProjectError(msg, hint="Mend every place named above; nothing was written.", problems=problems)
    used = {_place(origin, secret) for origin, _, secret in found}
    idle = (
        Problem(
            file=manifest.file.name,
            key=format_key(("build", "allow-secrets", place)),
            message=f"{shorten(place)} allows a secret that is not there.",
            hint="Delete the line, so that it does not allow the next one.",
            severity=Severity.WARNING,
        )
        for place in sorted(allowed.keys() - used - _used_by_variables(manifest))
    )
    return (*problems, *idle)


def _used_by_variables(manifest: Manifest) -> set[str]:
    tables = [{"environmentVariables": manifest.plugin.environment_variables}, *manifest.environments.values()]
    variables = [table.get("environmentVariables") for table in tables]
    values = [str(value) for table in variables if isinstance(table, dict) for value in table.values()]
    return {_place(manifest.file.name, known) for value in values if (known := scan_value(value)) is not None}


def check_variables(manifest: Manifest) -> tuple[Problem, ...]:
    """What looks like a secret among the values of the environment variables, of every environment.

    BioT's API gives the variables of a plugin back in clear text to everybody who may read plugins
    (GET /settings/v2/plugins/{name}, specification 2.4.2). A token of a known form is an error, unless
    ``[build.allow-secrets]`` allows ``plugin.toml:KIND``; an expired one, and a value that only looks drawn, a warning.
    """
    tables: list[tuple[KeyPath, Mapping[str, str]]] = [(("plugin",), manifest.plugin.environment_variables)]
    for name, table in manifest.environments.items():
        variables = table.get("environmentVariables")
        if isinstance(variables, dict) and name != manifest.environment:
            tables.append((("environments", name), variables))
    now = time.time()
    found = [
        problem
        for place, variables in tables
        for name, value in variables.items()
        for problem in _variable(manifest, (*place, "environmentVariables", name), str(value), now)
    ]
    return tuple(found)


def _variable(manifest: Manifest, path: KeyPath, value: str, now: float) -> Iterator[Problem]:
    known, name = scan_value(value), str(path[-1])
    if known is not None:
        place = _place(manifest.file.name, known)
        if place in manifest.build.allow_secrets:
            return
        description, error = known.description, not _has_expired(known, now)
        setting = snippet("build.allow-secrets", place, "why") if error else ""
    elif names_a_secret(name) and classify_value(name.encode("utf-8", "replace"), value.encode("utf-8", "replace")):
        description, error, setting = "a secret", False, ""
    else:
        return
    yield Problem(
        file=manifest.file.name,
        key=format_key(path),
        message=f"This value looks like {description}. The repository and BioT's API show it in clear text.",
        hint="Keep it in a secret store, read it from there when the function runs, and make a new one."
        + (" If it is a false alarm, add this to plugin.toml." if error else ""),
        setting=setting,
        severity=Severity.ERROR if error else Severity.WARNING,
    )


def _place(origin: str, secret: SecretFinding) -> str:
    return f"{origin}:{secret.kind}"


def _has_expired(secret: SecretFinding, now: float) -> bool:
    return secret.expiry is not None and secret.expiry < now


def _expired(origin: str, secret: SecretFinding) -> Problem:
    return Problem(
        file=origin,
        line=secret.line,
        message=f"This is {secret.description} that has expired: {shorten(secret.preview)}. It opens nothing any more.",
        hint="What its claims say about a person can still be read; make synthetic tokens for tests.",
        severity=Severity.WARNING,
    )


def _is_mock(origin: str) -> bool:
    """Whether a file is for trying the function, by its name or its folder's: ``mockEvent.js``, ``mocks/a.json``."""
    return any(part.lower().startswith("mock") for part in origin.split("/"))


def _problem(origin: str, path: str, secret: SecretFinding) -> Problem:
    place, mock = _place(origin, secret), _is_mock(origin)
    return Problem(
        file=origin,
        line=secret.line,
        message=f"This is {secret.description}: {shorten(secret.preview)}.",
        hint=_MOCK_WAY_OUT if mock else _WAY_OUT,
        setting=snippet("build", "exclude", [path]) if mock else snippet("build.allow-secrets", place, "why"),
    )
