"""Compares the secrets in all files with what the manifest allows: an error with every place, or warnings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from builder.archive.file_results import FileResults
from builder.errors import Problem, ProjectError, Severity
from builder.manifest.finding import format_key, shorten
from builder.manifest.text.toml_snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.build_values import OwnFile
    from builder.manifest.finding import KeyPath
    from builder.manifest.model import Manifest
    from builder.secrets.secret_scan import SecretFinding

_CODE = "secret"
_HINT = (
    "Remove it from the file, issue a new one (git history keeps the old one), and read it when the function runs. If "
    "this is a false alarm, add this to plugin.toml."
)
_HINT_FOR_MOCK = (
    "The function does not need this file: exclude it from the artifact with the lines below. Revoke a token that is "
    "still valid, because git history keeps it."
)


def refuse_secrets(
    manifest: Manifest, sources: Iterable[OwnFile], results: FileResults | None = None
) -> tuple[Problem, ...]:
    """Search every file that goes into the artifact for secrets.

    Args:
        manifest: Its ``[build.allow-secrets]`` lists false alarms.
        sources: The plugin's own files.
        results: Files without any secret before are not searched again.

    Returns:
        A warning for each expired token, and for each entry of ``allow-secrets`` that matches nothing.

    Raises:
        ProjectError: There are secrets that are not allowed; names their files and lines, never their text.
    """
    allowed = manifest.build.allow_secrets
    results = results or FileResults()
    findings = [(file.origin, file.path, secret) for file in sources for secret in _scan(file, results)]
    now = time.time()
    problems = [
        _expired(origin, secret) if _has_expired(secret, now) else _problem(origin, path, secret)
        for origin, path, secret in findings
        if _place(origin, secret) not in allowed
    ]
    if any(problem.severity is Severity.ERROR for problem in problems):
        msg = "The artifact would contain secrets, and anyone who can download the plugin could read them."
        raise ProjectError(msg, hint="Fix every place listed above; nothing was written.", problems=problems)
    used = {_place(origin, secret) for origin, _, secret in findings}
    unused = (
        Problem(
            file=manifest.file.name,
            key=format_key(("build", "allow-secrets", place)),
            code=_CODE,
            message=f"{shorten(place)} allows a secret that does not exist.",
            hint="Delete the line, so that it cannot allow a secret in the future.",
            severity=Severity.WARNING,
        )
        for place in sorted(allowed.keys() - used - _used_by_variables(manifest))
    )
    return (*problems, *unused)


def _scan(file: OwnFile, results: FileResults) -> tuple[SecretFinding, ...]:
    examination = f"secrets: {file.origin}"
    if results.get(examination, file):
        return ()
    from builder.secrets.secret_scan import scan  # most builds find every file in the results

    findings = scan(file.origin, file.content)
    if not findings:
        results.put(examination, file, "none")
    return findings


def _used_by_variables(manifest: Manifest) -> set[str]:
    tables = [{"environmentVariables": manifest.plugin.environment_variables}, *manifest.environments.values()]
    variables = [table.get("environmentVariables") for table in tables]
    values = [str(value) for table in variables if isinstance(table, dict) for value in table.values()]
    if not values:
        return set()
    from builder.secrets.secret_scan import scan_value

    return {_place(manifest.file.name, token) for value in values if (token := scan_value(value)) is not None}


def check_variables(manifest: Manifest) -> tuple[Problem, ...]:
    """Find values of environment variables that look like secrets, in every environment.

    BioT's API returns the variables of a plugin in clear text to everyone who may read plugins
    (GET /settings/v2/plugins/{name}, specification 2.4.2). A token of a known form is an error, unless
    ``[build.allow-secrets]`` allows ``plugin.toml:KIND``. An expired token, and a value that only looks
    random, is a warning.
    """
    tables: list[tuple[KeyPath, Mapping[str, str]]] = [(("plugin",), manifest.plugin.environment_variables)]
    for name, table in manifest.environments.items():
        variables = table.get("environmentVariables")
        if isinstance(variables, dict) and name != manifest.environment:
            tables.append((("environments", name), variables))
    now = time.time()
    problems = [
        problem
        for place, variables in tables
        for name, value in variables.items()
        for problem in _variable(manifest, (*place, "environmentVariables", name), str(value), now)
    ]
    return tuple(problems)


def _variable(manifest: Manifest, path: KeyPath, value: str, now: float) -> Iterator[Problem]:
    from builder.secrets.assigned_secrets import classify_value, names_a_secret  # most plugins have no variables
    from builder.secrets.secret_scan import scan_value

    token, name = scan_value(value), str(path[-1])
    if token is not None:
        place = _place(manifest.file.name, token)
        if place in manifest.build.allow_secrets:
            return
        description, error = token.description, not _has_expired(token, now)
        setting = snippet("build.allow-secrets", place, "why") if error else ""
    elif names_a_secret(name) and classify_value(name.encode("utf-8", "replace"), value.encode("utf-8", "replace")):
        description, error, setting = "a secret", False, ""
    else:
        return
    yield Problem(
        file=manifest.file.name,
        key=format_key(path),
        code=_CODE,
        message=f"This value looks like {description}. The repository and BioT's API show it in clear text.",
        hint="Issue a new one, keep it in a secret store, and read it from there when the function runs."
        + (" If this is a false alarm, add this to plugin.toml." if error else ""),
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
        code=_CODE,
        message=f"This is {secret.description} that has expired: {shorten(secret.preview)}. It gives no access.",
        hint="Its claims about a person can still be read; use made-up tokens for tests.",
        severity=Severity.WARNING,
    )


def _is_mock(origin: str) -> bool:
    """Whether a file is for trying out the function, by its name or folder: ``mockEvent.js``, ``mocks/a.json``."""
    return any(part.lower().startswith("mock") for part in origin.split("/"))


def _problem(origin: str, path: str, secret: SecretFinding) -> Problem:
    place, mock = _place(origin, secret), _is_mock(origin)
    return Problem(
        file=origin,
        line=secret.line,
        code=_CODE,
        message=f"This is {secret.description}: {shorten(secret.preview)}.",
        hint=_HINT_FOR_MOCK if mock else _HINT,
        setting=snippet("build", "exclude", [path]) if mock else snippet("build.allow-secrets", place, "why"),
    )
