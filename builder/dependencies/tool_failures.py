"""What pip, uv and npm say when they fail, in the kit's words: where, what, and the next step.

The tool's own last line is kept, without credentials, because people search for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.errors import DependencyError, Problem
from builder.manifest.text.toml_snippet import snippet
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.platform.runtimes import Runtime
    from builder.process import CompletedProcess


def _status(digits: str) -> str:
    """A pattern for an HTTP status that is no part of a path, a port or a number."""
    return rf"(?<![\w/.:-]){digits}(?![\w/-])"


_SECRET = re.compile(r"(?<=://)[^/@\s]+(?=@)")
# Lines that only point elsewhere: pip to its newest version, npm to a log file of this machine.
_POINTER = re.compile(r"\[notice\]|A complete log of this run")
_RETRYING = re.compile(r"^(?:WARNING|ERROR): (?:Retrying \(Retry\([^)]*\)\) after )?")
_LONGEST = 400
_SOURCE_ONLY = re.compile(r"Wheels are required for `([^`]+)` because building from source is disabled")
_OTHER_PYTHON = re.compile(
    r"only found wheels for `([^`]+)` \(v([^)]+)\) with the following Python(?: ABI)? tags?: (.+)"
)
_OTHER_PLATFORM = re.compile(r"Wheels are available for `([^`]+)` \(v([^)]+)\) on the following platforms?: (.+)")
_UNKNOWN = re.compile(r"([A-Za-z0-9._-]+) was not found in the package registry")
_NOT_BUILT = re.compile(r"Failed to (?:download and )?build `([^`]+)`")
_OTHER_HASH = re.compile(
    r"^\s*(\S+?)==(\S+) from .*\n(?:\s*(?:Expected|or) .*\n)+\s*Got\s+([0-9a-f]{64})", re.MULTILINE
)
_RAISED = re.compile(r"^\s*((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit)\b[^\n]*)", re.MULTILINE)
_CONFLICT = re.compile(r"Because (.+)", re.DOTALL)
# In this order: what lies deeper comes first, because each layer above reports a follow-up of it. The disk is deepest:
# pip tells a full one as a broken connection, or as a download that ended too early.
_REACHING = (
    (
        re.compile(r"No space left|ENOSPC|nospc|Disk quota exceeded|EDQUOT|os error 28", re.IGNORECASE),
        "There is no space left on the disk.",
        "Free some in the store's folder (BIOT_PLUGIN_STORE) and in the folder for temporary files, then try again.",
    ),
    (
        re.compile(r"not enough bytes were received"),
        "A download from the {index} ended too early.",
        "Check the free space in the store's folder (BIOT_PLUGIN_STORE) and the network, then try again.",
    ),
    (
        re.compile(_status("407") + r"|ProxyError|proxy error|tunnel", re.IGNORECASE),
        "The proxy refused the connection to the {index}.",
        "Check HTTPS_PROXY and the proxy's user name and password.",
    ),
    (
        re.compile(r"CERTIFICATE_VERIFY|SSLError|certificate|SELF_SIGNED|UNABLE_TO_VERIFY", re.IGNORECASE),
        "The {index}'s certificate is not trusted here.",
        "Name your company's CA file: PIP_CERT for pip, SSL_CERT_FILE for uv, NODE_EXTRA_CA_CERTS or `cafile` for npm.",
    ),
    (
        re.compile(_status("40[13]") + r"|Unauthorized|Forbidden|E401|E403|ENEEDAUTH"),
        "The {index} refused the credentials.",
        "Check the user name and password in your own (user-level) configuration of the index.",
    ),
    (
        re.compile(
            r"NewConnectionError|ConnectionError|ConnectTimeout|ReadTimeout|Max retries|Name or service not known|"
            r"Connection refused|timed out|tcp connect|dns error|error sending request|ECONNREFUSED|ENOTFOUND|"
            r"ETIMEDOUT|EAI_AGAIN|ECONNRESET|Connection broken|" + _status("50[0234]"),
            re.IGNORECASE,
        ),
        "The {index} could not be reached.",
        (
            "Check the network and which index is set (PIP_INDEX_URL, UV_DEFAULT_INDEX, NPM_CONFIG_REGISTRY, "
            "or your user-level configuration), then try again."
        ),
    ),
)  # fmt: skip


def safe_text(text: str) -> str:
    """Text of another program, safe to show: no credentials in addresses, no control characters, not too long."""
    plain = printable(_SECRET.sub("***", text).strip())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 3] + "..."


def last_line(text: str) -> str:
    """The last line that says something, cleaned and without its period, so that it can end a sentence of ours."""
    lines = [line for line in text.splitlines() if line.strip() and not _POINTER.search(line)]
    return safe_text(lines[-1].removeprefix("npm error ")).rstrip(".") if lines else "it said nothing"


def connection_error(done: CompletedProcess, index: str) -> DependencyError | None:
    """The failure as one of the disk or the network, or None when the index did answer.

    Args:
        done: The program that failed.
        index: What it was asked for: ``Python package index`` or ``npm registry``.
    """
    said = done.stderr + done.stdout
    for pattern, message, hint in _REACHING:
        if pattern.search(said):
            told = message.format(index=index)
            line = next(line for line in reversed(said.splitlines()) if pattern.search(line))
            return DependencyError(f"{told} {_tool(done)} said: {last_line(_RETRYING.sub('', line))}.", hint=hint)
    return None


def resolution_error(done: CompletedProcess, runtime: Runtime, explained: Sequence[Problem] = ()) -> DependencyError:
    """Why uv found no set of versions for the runtime; ``explained`` is what the index says of packages."""
    problems = [*explained]
    others = (*_source_only(done.stderr), *_other_wheels(done.stderr, runtime))
    problems += [one for one in others if not any(_about(one, other) for other in explained)]
    problems += _unknown(done.stderr)
    if problems:
        return DependencyError(
            f"The dependencies cannot be had for {runtime.name}.",
            hint="Change the requirements named above and run `biot-plugin lock` again.",
            problems=problems,
        )
    unbuilt = _NOT_BUILT.search(done.stderr)
    if unbuilt is not None:
        return build_error(done, safe_text(unbuilt[1].replace("==", " ")))
    if "No solution found" in done.stderr:
        found = _CONFLICT.search(done.stderr)
        reason = safe_text(" ".join(found[0].split())) if found else f"{last_line(done.stderr)}."
        return DependencyError(
            f"No set of versions satisfies every requirement for {runtime.name}. {reason}",
            hint="Loosen or change one of the requirements named above.",
        )
    return connection_error(done, "Python package index") or DependencyError(
        f"uv could not resolve the dependencies: {last_line(done.stderr)}.",
        hint="Correct what uv names and run `biot-plugin lock` again.",
    )


def download_error(done: CompletedProcess, runtime: Runtime) -> DependencyError:
    """Why pip did not bring the locked wheels."""
    said = done.stdout + done.stderr
    if "DO NOT MATCH THE HASHES" in said:
        return DependencyError(
            f"The index holds another file than requirements.lock pins: {_mismatch(said)}",
            hint="Do not ship it before you know why. If the package was replaced on purpose, run `biot-plugin lock`.",
        )
    unreachable = connection_error(done, "Python package index")
    if unreachable is not None:
        return unreachable
    missing = re.findall(r"No matching distribution found for (\S+)", said)
    if missing:
        return DependencyError(
            f"The index has no wheel of {', '.join(missing)} for {_machine(runtime)}.",
            hint="Add the wheel to your index, or run `biot-plugin lock --upgrade` to choose other versions.",
        )
    return DependencyError(
        f"pip could not fetch the locked wheels: {last_line(said)}.", hint="Correct what pip names and try again."
    )


def hash_mismatch(done: CompletedProcess) -> tuple[str, str, str]:
    """Name, version and ``sha256:<hex>`` of a file that pip expected with another hash; empty for other failures."""
    said = done.stdout + done.stderr
    found = _OTHER_HASH.search(said) if "DO NOT MATCH THE HASHES" in said else None
    return (found[1], found[2], f"sha256:{found[3]}") if found else ("", "", "")


def wrong_file_error(name: str, version: str, runtime: Runtime) -> DependencyError:
    """A lock with the hash of a file that its release has, and that is not for the runtime."""
    return DependencyError(
        f"The hash of {name} {version} in requirements.lock belongs to a file for another platform or Python: "
        f"the release has a wheel for {_machine(runtime)}, with another hash.",
        hint="Run `biot-plugin lock`, which takes the right wheel, and commit the file.",
    )


def build_error(done: CompletedProcess, package: str) -> DependencyError:
    """Why pip did not make a wheel of a package's source."""
    said = done.stdout + done.stderr
    if "DO NOT MATCH THE HASHES" in said:
        return DependencyError(
            f"The index holds another file than requirements.lock was made from: {_mismatch(said)}",
            hint="Do not ship it before you know why. If the package was replaced on purpose, run `biot-plugin lock`.",
        )
    raised = _RAISED.findall(said)
    if not raised:
        unreachable = connection_error(done, "Python package index")
        if unreachable is not None:
            return unreachable
    reason = safe_text(raised[-1]) if raised else last_line(said)
    return DependencyError(
        f"{package} could not be built from source: {reason.rstrip('.')}.",
        hint="Read its own notes on building; or choose a version that has wheels.",
    )


def _tool(done: CompletedProcess) -> str:
    return next((name for name in ("pip", "uv", "npm") if any(part.endswith(name) for part in done.argv)), done.argv[0])


def _machine(runtime: Runtime) -> str:
    return f"{runtime.name} (x86_64, glibc {runtime.glibc[0]}.{runtime.glibc[1]})"


def _mismatch(said: str) -> str:
    found = re.search(r"^\s*(\S+==\S+).*from", said, re.MULTILINE)
    return f"{found[1]}." if found else f"{last_line(said)}."


def _about(one: Problem, other: Problem) -> bool:
    """Whether two problems begin with the same package."""
    return one.message.split(" ", 1)[0] == other.message.split(" ", 1)[0]


def _source_only(said: str) -> list[Problem]:
    told = {found[1] for found in (*_OTHER_PYTHON.finditer(said), *_OTHER_PLATFORM.finditer(said))}
    return [
        Problem(
            message=f"{name} is published as source only, and building it would run its code on this machine.",
            hint="Choose a version that has wheels, or put one into your company's index; or add this to plugin.toml "
            "and lock again: it is built in isolation, and the lock pins the result.",
            setting=snippet("build", "allow-sdist", [name]),
        )
        for name in dict.fromkeys(_SOURCE_ONLY.findall(said))
        if name not in told
    ]


def _other_wheels(said: str, runtime: Runtime) -> list[Problem]:
    return [
        Problem(
            message=f"{name} {version} has no wheel for {_machine(runtime)}; it has some for {_in_words(have)}.",
            hint="Choose another version of it, or another runtime in plugin.toml, or a wheel in your company's index.",
        )
        for pattern in (_OTHER_PYTHON, _OTHER_PLATFORM)
        for name, version, have in pattern.findall(said)
    ]


def _in_words(tags: str) -> str:
    """Uv's list of tags, with Python versions and glibc as people name them."""
    named = re.sub(r"`cp3(\d+)`", r"python3.\1", tags)
    return safe_text(re.sub(r"`manylinux_2_(\d+)_x86_64`", r"glibc 2.\1", named))


def _unknown(said: str) -> list[Problem]:
    return [
        Problem(
            message=f"{name} is not in the package index.",
            hint="Check the spelling, and that your one index has it: extra indexes are not asked.",
        )
        for name in dict.fromkeys(_UNKNOWN.findall(said))
    ]
