"""Who publishes, and from which git commit: for the journal."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING, Final

from builder.host.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CI_JOBS: Final = (
    ("GITHUB_ACTIONS", "{GITHUB_ACTOR} in {GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"),
    ("GITLAB_CI", "{GITLAB_USER_LOGIN} in {CI_JOB_URL}"),
    ("BITBUCKET_BUILD_NUMBER", "{BITBUCKET_REPO_FULL_NAME}, pipeline {BITBUCKET_BUILD_NUMBER}"),
    ("JENKINS_URL", "{BUILD_URL}"),
)
"""The variable that identifies a CI system, and how to name its job. None of these variables is a secret."""


class _Placeholders(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def publisher_name(environ: Mapping[str, str]) -> str:
    """The CI job, or ``user@host``."""
    for variable, template in _CI_JOBS:
        if environ.get(variable):
            return template.format_map(_Placeholders(environ))
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        user = "?"
    return f"{user}@{socket.gethostname() or '?'}"


def commit_of(folder: Path) -> str:
    """The git commit of a folder, with ``+`` appended when files differ from it; empty outside git."""
    try:
        head = run(["git", "rev-parse", "HEAD"], cwd=folder)
        if head.returncode:
            return ""
        status = run(["git", "status", "--porcelain", "--", "."], cwd=folder)
    except FileNotFoundError:
        return ""
    return head.stdout.strip() + ("+" if status.stdout.strip() else "")
