"""Why an index was not reached, told from what npm and pip say, and not from the names of folders."""

from __future__ import annotations

import pytest

from builder.dependencies.tool_failures import connection_error
from builder.process import CompletedProcess


def failed(said: str) -> str:
    failure = connection_error(CompletedProcess(argv=("npm",), returncode=1, stdout="", stderr=said), "npm registry")
    return "" if failure is None else failure.message


@pytest.mark.parametrize("folder", ["build-403", "401", "a/407/b", "job:503"])
def test_a_number_in_a_path_is_no_status(folder: str) -> None:
    log = f"npm error A complete log of this run can be found in: /tmp/{folder}/_logs/debug-0.log\n"
    assert "could not be reached" in failed(f"npm error code ECONNREFUSED\n{log}")
    assert failed(log) == ""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("npm error 403 403 Forbidden - GET http://host/a", "refused the credentials"),
        ("ERROR: HTTP error 401 while getting http://host/a", "refused the credentials"),
        ("status code (403)", "refused the credentials"),
        ("Tunnel connection failed: 407", "The proxy refused"),
        ("ERROR: HTTP error 503 while getting http://host/a", "could not be reached"),
    ],
)
def test_a_status_is_understood_wherever_it_stands(said: str, told: str) -> None:
    assert told in failed(said)
