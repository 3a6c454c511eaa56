"""Explains failures of pip, uv and npm: what happened, where, and how to fix it.

The message includes the tool's own last line, without credentials, because people search for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.errors import DependencyError, Problem
from builder.manifest.text.toml_snippet import snippet
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.host.process import CompletedProcess
    from builder.platform.runtimes import Runtime


def _status(digits: str) -> str:
    """A pattern for an HTTP status that is not part of a path, a port or a number."""
    return rf"(?<![\w/.:-]){digits}(?![\w/-])"


_SECRET = re.compile(r"(?<=://)[^/@\s]+(?=@)")
# Lines that only point elsewhere: pip's newest version, npm's log file on this machine.
_POINTER = re.compile(r"\[notice\]|A complete log of this run")
_RETRYING = re.compile(r"^(?:WARNING|ERROR): (?:Retrying \(Retry\([^)]*\)\) after )?")
_MAX_LENGTH = 400
_SOURCE_ONLY = re.compile(r"Wheels are required for `([^`]+)` because building from source is disabled")
_OTHER_PYTHON = re.compile(
    r"only found wheels for `([^`]+)` \(v([^)]+)\) with the following Python(?: ABI)? tags?: (.+)"
)
_OTHER_PLATFORM = re.compile(r"Wheels are available for `([^`]+)` \(v([^)]+)\) on the following platforms?: (.+)")
_NOT_IN_INDEX = re.compile(r"([A-Za-z0-9._-]+) was not found in the package registry")
_NOT_BUILT = re.compile(r"Failed to (?:download and )?build `([^`]+)`")
_HASH_MISMATCH = re.compile(
    r"^\s*(\S+?)==(\S+) from .*\n(?:\s*(?:Expected|or) .*\n)+\s*Got\s+([0-9a-f]{64})", re.MULTILINE
)
_EXCEPTION = re.compile(r"^\s*((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit)\b[^\n]*)", re.MULTILINE)
_CONFLICT = re.compile(r"Because (.+)", re.DOTALL)
# Ordered from cause to consequence, because each layer above reports a follow-up error. The disk comes first: pip
# reports a full disk as a broken connection, or as a download that ended too early.
_CONNECTION_FAILURES = (
    (
        re.compile(r"No space left|ENOSPC|nospc|Disk quota exceeded|EDQUOT|os error 28", re.IGNORECASE),
        "No space left on the disk.",
        "Free some space for the store (BIOT_PLUGIN_STORE) and for temporary files, then try again.",
    ),
    (
        re.compile(r"not enough bytes were received"),
        "A download from the {index} ended too early.",
        "Check the free space for the store (BIOT_PLUGIN_STORE) and the network, then try again.",
    ),
    (
        re.compile(_status("407") + r"|ProxyError|proxy error|tunnel", re.IGNORECASE),
        "The proxy refused the connection to the {index}.",
        "Check HTTPS_PROXY and the proxy's user name and password.",
    ),
    (
        re.compile(r"CERTIFICATE_VERIFY|SSLError|certificate|SELF_SIGNED|UNABLE_TO_VERIFY", re.IGNORECASE),
        "This machine does not trust the certificate of the {index}.",
        "Set your company's CA file: PIP_CERT for pip, SSL_CERT_FILE for uv, NODE_EXTRA_CA_CERTS or `cafile` for npm.",
    ),
    (
        re.compile(_status("40[13]") + r"|Unauthorized|Forbidden|E401|E403|ENEEDAUTH"),
        "The {index} rejected the credentials.",
        "Check the user name and password in your own (user-level) configuration of the index.",
    ),
    (
        re.compile(
            r"NewConnectionError|ConnectionError|ConnectTimeout|ReadTimeout|Max retries|Name or service not known|"
            r"Connection refused|timed out|tcp connect|dns error|error sending request|ECONNREFUSED|ENOTFOUND|"
            r"ETIMEDOUT|EAI_AGAIN|ECONNRESET|Connection broken|" + _status("50[0234]"),
            re.IGNORECASE,
        ),
        "The {index} is unreachable.",
        (
            "Check the network and the configured index (PIP_INDEX_URL, UV_DEFAULT_INDEX, NPM_CONFIG_REGISTRY, "
            "or your user-level configuration), then try again."
        ),
    ),
)  # fmt: skip


def safe_text(text: str) -> str:
    """Text of another program, safe to print: no credentials in addresses, no control characters, not too long."""
    plain = printable(_SECRET.sub("***", text).strip())
    return plain if len(plain) <= _MAX_LENGTH else plain[: _MAX_LENGTH - 3] + "..."


def last_line(text: str) -> str:
    """The last line that is not empty, safe to print and without its period, so that it can end a sentence."""
    lines = [line for line in text.splitlines() if line.strip() and not _POINTER.search(line)]
    return safe_text(lines[-1].removeprefix("npm error ")).rstrip(".") if lines else "it printed nothing"


def connection_error(completed: CompletedProcess, index: str) -> DependencyError | None:
    """The failure as an error of the disk or the network; None when the index responded.

    Args:
        completed: The program that failed.
        index: What it used: ``Python package index`` or ``npm registry``.
    """
    output = completed.stderr + completed.stdout
    for pattern, message, hint in _CONNECTION_FAILURES:
        if pattern.search(output):
            line = next(line for line in reversed(output.splitlines()) if pattern.search(line))
            return DependencyError(
                f"{message.format(index=index)} {_tool(completed)} said: {last_line(_RETRYING.sub('', line))}.",
                hint=hint,
            )
    return None


def resolution_error(
    completed: CompletedProcess, runtime: Runtime, explained: Sequence[Problem] = ()
) -> DependencyError:
    """Why uv found no set of versions for the runtime; ``explained`` comes from the index."""
    problems = [*explained]
    others = (*_source_only(completed.stderr), *_other_wheels(completed.stderr, runtime))
    problems += [problem for problem in others if not any(_same_package(problem, other) for other in explained)]
    problems += _not_in_index(completed.stderr)
    if problems:
        return DependencyError(
            f"No usable packages for {runtime.name}.",
            hint="Change the requirements of the packages listed above, then run `biot-plugin lock` again.",
            problems=problems,
        )
    not_built = _NOT_BUILT.search(completed.stderr)
    if not_built is not None:
        return build_error(completed, safe_text(not_built[1].replace("==", " ")))
    if "No solution found" in completed.stderr:
        conflict = _CONFLICT.search(completed.stderr)
        reason = safe_text(" ".join(conflict[0].split())) if conflict else f"{last_line(completed.stderr)}."
        return DependencyError(
            f"No set of versions satisfies every requirement for {runtime.name}. {reason}",
            hint="Relax or change one of the requirements named above.",
        )
    return connection_error(completed, "Python package index") or DependencyError(
        f"uv could not resolve the dependencies: {last_line(completed.stderr)}.",
        hint="Fix what uv names, then run `biot-plugin lock` again.",
    )


def download_error(completed: CompletedProcess, runtime: Runtime) -> DependencyError:
    """Why pip did not fetch the locked wheels."""
    output = completed.stdout + completed.stderr
    if "DO NOT MATCH THE HASHES" in output:
        return DependencyError(
            f"The index has a different file than requirements.lock pins: {_mismatched_package(output)}",
            hint="Find out why before you ship it. If the replacement is intended, run `biot-plugin lock`.",
        )
    unreachable = connection_error(completed, "Python package index")
    if unreachable is not None:
        return unreachable
    missing = re.findall(r"No matching distribution found for (\S+)", output)
    if missing:
        return DependencyError(
            f"The index has no wheel of {', '.join(missing)} for {_machine(runtime)}.",
            hint="Add the wheel to your index, or run `biot-plugin lock --upgrade` to choose other versions.",
        )
    return DependencyError(
        f"pip could not fetch the locked wheels: {last_line(output)}.", hint="Fix what pip names, then try again."
    )


def hash_mismatch(completed: CompletedProcess) -> tuple[str, str, str]:
    """Name, version and ``sha256:<hex>`` of a file whose hash pip did not expect; empty for other failures."""
    output = completed.stdout + completed.stderr
    match = _HASH_MISMATCH.search(output) if "DO NOT MATCH THE HASHES" in output else None
    return (match[1], match[2], f"sha256:{match[3]}") if match else ("", "", "")


def wrong_file_error(name: str, version: str, runtime: Runtime) -> DependencyError:
    """A lock pins a file of the right release that is not for the runtime."""
    return DependencyError(
        f"The hash of {name} {version} in requirements.lock belongs to a file for another platform or Python: "
        f"the release has a wheel for {_machine(runtime)}, with another hash.",
        hint="Run `biot-plugin lock`, which pins the right wheel, and commit the file.",
    )


def build_error(completed: CompletedProcess, package: str) -> DependencyError:
    """Why pip could not build a wheel of a package."""
    output = completed.stdout + completed.stderr
    if "DO NOT MATCH THE HASHES" in output:
        return DependencyError(
            f"The index has a different file than requirements.lock was made from: {_mismatched_package(output)}",
            hint="Find out why before you ship it. If the replacement is intended, run `biot-plugin lock`.",
        )
    exceptions = _EXCEPTION.findall(output)
    if not exceptions:
        unreachable = connection_error(completed, "Python package index")
        if unreachable is not None:
            return unreachable
    reason = safe_text(exceptions[-1]) if exceptions else last_line(output)
    return DependencyError(
        f"{package} could not be built from source: {reason.rstrip('.')}.",
        hint="Read its documentation on building, or choose a version that has wheels.",
    )


def _tool(completed: CompletedProcess) -> str:
    return next(
        (name for name in ("pip", "uv", "npm") if any(part.endswith(name) for part in completed.argv)),
        completed.argv[0],
    )


def _machine(runtime: Runtime) -> str:
    return f"{runtime.name} (x86_64, glibc {runtime.glibc[0]}.{runtime.glibc[1]})"


def _mismatched_package(output: str) -> str:
    match = re.search(r"^\s*(\S+==\S+).*from", output, re.MULTILINE)
    return f"{match[1]}." if match else f"{last_line(output)}."


def _same_package(one: Problem, other: Problem) -> bool:
    """Whether two messages begin with the same package."""
    return one.message.split(" ", 1)[0] == other.message.split(" ", 1)[0]


def _source_only(output: str) -> list[Problem]:
    have_wheels = {match[1] for match in (*_OTHER_PYTHON.finditer(output), *_OTHER_PLATFORM.finditer(output))}
    return [
        Problem(
            message=f"{name} is published as source only, and building it would run its code on this machine.",
            hint="Choose a version that has wheels, or add a wheel to your company's index. Or add this to "
            "plugin.toml and lock again: the kit builds it in isolation and pins the result.",
            setting=snippet("build", "allow-sdist", [name]),
            code="source-only",
        )
        for name in dict.fromkeys(_SOURCE_ONLY.findall(output))
        if name not in have_wheels
    ]


def _other_wheels(output: str, runtime: Runtime) -> list[Problem]:
    return [
        Problem(
            message=f"{name} {version} has no wheel for {_machine(runtime)}; it has wheels for {_readable_tags(tags)}.",
            hint="Choose another version of it, another runtime, or add a wheel to your company's index.",
            code="no-wheel",
        )
        for pattern in (_OTHER_PYTHON, _OTHER_PLATFORM)
        for name, version, tags in pattern.findall(output)
    ]


def _readable_tags(tags: str) -> str:
    """Uv's list of tags with the usual names of Python and glibc versions."""
    readable = re.sub(r"`cp3(\d+)`", r"python3.\1", tags)
    return safe_text(re.sub(r"`manylinux_2_(\d+)_x86_64`", r"glibc 2.\1", readable))


def _not_in_index(output: str) -> list[Problem]:
    return [
        Problem(
            message=f"{name} is not in the package index.",
            hint="Check the spelling, and that your main index has it: extra indexes are not used.",
            code="not-in-index",
        )
        for name in dict.fromkeys(_NOT_IN_INDEX.findall(output))
    ]
