"""The output of failed tools, verbatim, and the error that the user reads."""

from __future__ import annotations

import pytest

from builder.dependencies.npm.npm_client import lock_error
from builder.dependencies.tool_failures import download_error, last_line, resolution_error, safe_text
from builder.host.process import CompletedProcess
from builder.platform.runtimes import RUNTIMES

RUNTIME = RUNTIMES["python3.13"]
NO_VERSION = "ERROR: No matching distribution found for base==1.0\n"
WINDOWS_ONLY = """\
error: No solution found when resolving dependencies
  cause: Because pywin32>=307 has no wheels with a matching platform tag (e.g., `manylinux_2_34_x86_64`) and you \
require pywin32, we can conclude that your requirements are unsatisfiable.

hint: You require CPython 3.13 (`cp313`), but we only found wheels for `pywin32` (v306) with the following Python ABI \
tags: `cp311`, `cp312`

hint: Wheels are available for `pywin32` (v312) on the following platforms: `win32`, `win_amd64`
"""


def failed(tool: str, output: str) -> CompletedProcess:
    return CompletedProcess(argv=(f"/somewhere/{tool}",), returncode=1, stdout="", stderr=output)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("WARNING: Retrying after ProxyError('Cannot connect to proxy.')\n" + NO_VERSION, "proxy refused"),
        ("ERROR: HTTP error 407 while getting x\n", "proxy refused"),
        (
            "WARNING: Retrying after SSLError(CERTIFICATE_VERIFY_FAILED)\n" + NO_VERSION,
            "does not trust the certificate",
        ),
        ("ERROR: 401 Client Error: Unauthorized for url: https://host/simple/base/\n", "rejected the credentials"),
        ("WARNING: Retrying after NewConnectionError('refused')\n" + NO_VERSION, "is unreachable"),
        ("WARNING: Retrying after ReadTimeoutError('Read timed out.')\n" + NO_VERSION, "is unreachable"),
        ("E: ('Connection broken: OSError(28, 'No space left on device')')\n", "No space left on the disk"),
        ("Download failed after 6 attempts because not enough bytes were received\n", "ended too early"),
        (NO_VERSION, "has no wheel of base==1.0 for python3.13 (x86_64, glibc 2.34)"),
        ("ERROR: something quite new\n", "something quite new"),
    ],
)
def test_pip_failures_are_explained_by_their_deepest_cause(output: str, words: str) -> None:
    error = download_error(failed("pip", output), RUNTIME)
    assert words in error.message
    assert error.hint


def test_the_quoted_line_is_the_cause_and_not_pips_last_line() -> None:
    cause = "connection broken by 'NewConnectionError(Failed to resolve host.example)'"
    done = CompletedProcess(
        argv=("/x/pip",),
        returncode=1,
        stdout="Looking in links: /wheels\n",
        stderr=f"WARNING: Retrying (Retry(total=0, connect=None, read=None)) after {cause}: /base/\n{NO_VERSION}",
    )
    assert download_error(done, RUNTIME).message.endswith(f"pip said: {cause}: /base/.")
    odd = CompletedProcess(
        argv=("/x/pip",), returncode=1, stdout="Saved ./wheels/a.whl\n", stderr="ERROR: something new\n"
    )
    assert download_error(odd, RUNTIME).message.endswith("something new.")


def test_a_hash_mismatch_names_the_package() -> None:
    output = (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n"
        "    base==1.0 from https://host/base-1.0-py3-none-any.whl (from -r wanted.txt (line 1)):\n"
        "        Expected sha256 00\n             Got        11\n"
    )
    assert "base==1.0" in download_error(failed("pip", output), RUNTIME).message


def test_wheels_for_other_platforms_are_listed_and_not_called_source_only() -> None:
    error = resolution_error(failed("uv", WINDOWS_ONLY), RUNTIME)
    assert [problem.message for problem in error.problems] == [
        "pywin32 306 has no wheel for python3.13 (x86_64, glibc 2.34); it has wheels for python3.11, python3.12.",
        "pywin32 312 has no wheel for python3.13 (x86_64, glibc 2.34); it has wheels for `win32`, `win_amd64`.",
    ]


def test_a_conflict_shows_uvs_reason_on_one_line() -> None:
    output = (
        "error: No solution found\n  cause: Because a==1 depends on b<2 and you require\n      b>2, it cannot be.\n"
    )
    error = resolution_error(failed("uv", output), RUNTIME)
    assert "Because a==1 depends on b<2 and you require b>2, it cannot be." in error.message


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("npm error code E404\nnpm error 404 Not Found - GET https://host/a\n", "404 Not Found - GET https://host/a"),
        ("npm error code ECONNREFUSED\nnpm error network request failed\n", "npm registry is unreachable"),
        ("npm error code ENOSPC\nnpm error nospc ENOSPC: no space left\n", "No space left on the disk"),
        ("npm error code E401\nnpm error Unable to authenticate\n", "rejected the credentials"),
        ("npm error code ERESOLVE\nnpm error ERESOLVE could not resolve\n", "ERESOLVE could not resolve"),
    ],
)  # fmt: skip
def test_npm_failures_are_explained_without_the_log_file(output: str, words: str) -> None:
    error = lock_error(
        failed("npm", output + "npm error A complete log of this run can be found in: /home/user/.npm/x.log\n")
    )
    assert words in error.message
    assert "/home" not in error.message


def test_credentials_and_control_characters_are_removed() -> None:
    assert (
        safe_text("at https://user:word@host/x \x1b]52;c;evil\x07 end")
        == "at https://***@host/x \\x1b]52;c;evil\\x07 end"
    )
    assert last_line("first\nlast https://token@host/\n\n[notice] a new pip\n") == "last https://***@host/"
    assert len(safe_text("x" * 5000)) == 400
