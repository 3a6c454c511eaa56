"""Connection errors are recognised in the output of npm and pip, and not in the names of folders."""

from __future__ import annotations

import pytest

from builder.dependencies.tool_failures import connection_error
from builder.host.process import CompletedProcess


def failed(output: str) -> str:
    failure = connection_error(CompletedProcess(argv=("npm",), returncode=1, stdout="", stderr=output), "npm registry")
    return "" if failure is None else failure.message


@pytest.mark.parametrize("folder", ["build-403", "401", "a/407/b", "job:503"])
def test_a_number_in_a_path_is_not_a_status(folder: str) -> None:
    log = f"npm error A complete log of this run can be found in: /tmp/{folder}/_logs/debug-0.log\n"
    assert "is unreachable" in failed(f"npm error code ECONNREFUSED\n{log}")
    assert failed(log) == ""


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("npm error 403 403 Forbidden - GET http://host/a", "rejected the credentials"),
        ("ERROR: HTTP error 401 while getting http://host/a", "rejected the credentials"),
        ("status code (403)", "rejected the credentials"),
        ("Tunnel connection failed: 407", "The proxy refused"),
        ("ERROR: HTTP error 503 while getting http://host/a", "is unreachable"),
    ],
)
def test_a_status_is_recognised_anywhere_in_a_line(output: str, words: str) -> None:
    assert words in failed(output)
