"""The environment for pip, uv and npm: the operator's settings count, the project's never do.

Companies configure their index or mirror in pip's, uv's or npm's own settings (environment and user-level files), so
those are kept. If only pip or only uv has an index, the other tool gets it too. Settings that change *which* package is
chosen are removed, because the lock decides that.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_UV_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_UV_OWN_INDEX = (*_UV_INDEX, "UV_INDEX", "UV_NO_INDEX", "UV_FIND_LINKS", "UV_CONFIG_FILE")
# How pip connects to an index; every other PIP_ variable would change what it fetches or where it writes.
_PIP_KEPT = frozenset(
    f"PIP_{name}"
    for name in (
        "INDEX_URL", "EXTRA_INDEX_URL", "NO_INDEX", "FIND_LINKS", "CERT", "CLIENT_CERT", "PROXY", "TRUSTED_HOST",
        "RETRIES", "TIMEOUT", "DEFAULT_TIMEOUT", "RESUME_RETRIES", "KEYRING_PROVIDER", "CACHE_DIR", "NO_CACHE_DIR",
        "CONFIG_FILE", "USE_FEATURE", "USE_DEPRECATED", "UPLOADED_PRIOR_TO",
    )
)  # fmt: skip
_UV_DROPPED = frozenset(
    f"UV_{name}"
    for name in (
        "CONSTRAINT", "OVERRIDE", "EXCLUDE", "BUILD_CONSTRAINT", "PRERELEASE", "RESOLUTION", "NO_BINARY",
        "NO_BINARY_PACKAGE", "NO_BUILD_PACKAGE", "PYTHON", "PYTHON_PREFERENCE", "SYSTEM_PYTHON", "PROJECT",
        "PROJECT_ENVIRONMENT", "WORKING_DIR", "WORKING_DIRECTORY", "TORCH_BACKEND", "REQUIRE_HASHES", "ENV_FILE",
        "FORK_STRATEGY", "LIBC", "NO_SOURCES",
    )
)  # fmt: skip
_FOR_BUILDING = re.compile(
    r"PATH|HOME|USERPROFILE|APPDATA|LOCALAPPDATA|SYSTEMROOT|TEMP|TMP|TMPDIR|LANG|LC_[A-Z]+|XDG_[A-Z_]+|NETRC|"
    r"PIP_[A-Z_]+|UV_[A-Z_]+|SSL_[A-Z_]+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(?:HTTPS?|ALL|NO)_PROXY",
    re.IGNORECASE,
)
_NPM_WAITS = {"npm_config_fetch_retry_mintimeout": "2000", "npm_config_fetch_retry_maxtimeout": "10000"}
"""Milliseconds. With npm's own values, a user without a network waits 70 seconds for the first message."""
_PIP_SETTING = re.compile(r"^(?P<section>[^.\s]+)\.(?P<name>[a-z-]+)=(?P<value>.*)$")


def pip_settings(listing: str) -> dict[str, str]:
    """Pip's settings for downloads; the environment overrides ``[download]``, which overrides ``[global]``.

    Args:
        listing: Output of ``pip config list``.
    """
    rank = {"global": 0, "download": 1, ":env:": 2}
    settings: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        match = _PIP_SETTING.match(line)
        if match is None or match["section"] not in rank:
            continue
        order = rank[match["section"]]
        if order >= settings.get(match["name"], (0, ""))[0]:
            settings[match["name"]] = (order, str(ast.literal_eval(match["value"])))
    return {name: value for name, (_, value) in settings.items()}


def uv_environment(environment: Mapping[str, str], pip: Mapping[str, str], *, configured: bool) -> dict[str, str]:
    """The environment for uv: the operator's, with pip's index and certificates where uv has none.

    Args:
        environment: Of this process.
        pip: Settings of pip, from ``pip_settings``.
        configured: Whether a user-level or system-level ``uv.toml`` names an index.
    """
    result = {name: value for name, value in environment.items() if name not in _UV_DROPPED and name != "VIRTUAL_ENV"}
    if not configured and not any(environment.get(name) for name in _UV_OWN_INDEX) and "index-url" in pip:
        result["UV_DEFAULT_INDEX"] = pip["index-url"]
    for name, setting in (("SSL_CERT_FILE", "cert"), ("SSL_CLIENT_CERT", "client-cert"), ("ALL_PROXY", "proxy")):
        if setting in pip and not environment.get(name):
            result[name] = pip[setting]
    if "trusted-host" in pip and not environment.get("UV_INSECURE_HOST"):
        result["UV_INSECURE_HOST"] = pip["trusted-host"]
    return result


def has_uv_index(environment: Mapping[str, str]) -> bool:
    """Whether the operator set an index for uv; pip uses it too, unless it has another."""
    return any(environment.get(name) for name in _UV_INDEX)


def build_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a package's code while it is built: only what it needs to reach the index.

    The last three variables make the result depend on the package's files alone, if its build tools honour them.
    """
    kept = {name: value for name, value in environment.items() if _FOR_BUILDING.fullmatch(name)}
    return {**kept, "SOURCE_DATE_EPOCH": "315532800", "PYTHONHASHSEED": "0", "TZ": "UTC"}


def pip_environment(environment: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    """The environment for pip: the operator's, with uv's index where pip has none."""
    result = {name: value for name, value in environment.items() if not name.startswith("PIP_") or name in _PIP_KEPT}
    uv_index = next((environment[name] for name in _UV_INDEX if environment.get(name)), "")
    if uv_index and "index-url" not in pip:
        result["PIP_INDEX_URL"] = uv_index
    return result | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def npm_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for npm: the operator's.

    Inside ``npm run``, npm passes every setting of the project's .npmrc as lower-case ``npm_config_*``; those are not
    the operator's. The user-level file is read again by the npm that the kit starts. Unless the environment sets them,
    npm's waits before it retries a silent registry are 2 and 10 seconds, not 10 and 60.
    """
    inside_npm = "npm_lifecycle_event" in environment
    dropped = ("npm_config_", "npm_package_", "npm_lifecycle_") if inside_npm else ()
    result = {name: value for name, value in environment.items() if not (dropped and name.startswith(dropped))}
    present = {name.lower() for name in result}
    return result | {name: value for name, value in _NPM_WAITS.items() if name not in present}


def ignored_project_settings(pyproject: Mapping[str, object], files: Iterable[str]) -> tuple[str, ...]:
    """One line for each setting in the plugin's folder that would choose an index and is ignored.

    Args:
        pyproject: ``pyproject.toml``, parsed.
        files: Names of the files in the plugin's folder.
    """
    present = sorted({"pip.conf", "pip.ini", "uv.toml", ".npmrc"} & set(files))
    notes = [
        f"{name} of the project is ignored: only your own (user-level) settings choose the index." for name in present
    ]
    tool = pyproject.get("tool")
    uv = tool.get("uv") if isinstance(tool, dict) else None
    if isinstance(uv, dict):
        keys = sorted({"index", "index-url", "extra-index-url", "find-links", "sources", "pip"} & uv.keys())
        notes += [
            f"pyproject.toml: [tool.uv] {key} is ignored: only your own settings choose the index." for key in keys
        ]
    return tuple(notes)
