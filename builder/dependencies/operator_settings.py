"""Whose settings count: the operator's (environment and user-level configuration), never the project's.

Companies reach their index or mirror by pip's, uv's or npm's own settings, so those are kept, and one tool's index is
handed to the other where only one was told. What changes *which* package is chosen is dropped: that is the lock's
business.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_UV_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_UV_OWN_INDEX = (*_UV_INDEX, "UV_INDEX", "UV_NO_INDEX", "UV_FIND_LINKS", "UV_CONFIG_FILE")
# How pip reaches an index; every other PIP_ variable would change what it takes or where it puts it.
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
"""Milliseconds. npm's own waits keep a person without a network for 70 seconds before the first word."""
_PIP_SETTING = re.compile(r"^(?P<section>[^.\s]+)\.(?P<name>[a-z-]+)=(?P<value>.*)$")


def pip_settings(listing: str) -> dict[str, str]:
    """What ``pip config list`` says for downloads; the environment wins over ``[download]``, that over ``[global]``."""
    rank = {"global": 0, "download": 1, ":env:": 2}
    found: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        setting = _PIP_SETTING.match(line)
        if setting is None or setting["section"] not in rank:
            continue
        order = rank[setting["section"]]
        if order >= found.get(setting["name"], (0, ""))[0]:
            found[setting["name"]] = (order, str(ast.literal_eval(setting["value"])))
    return {name: value for name, (_, value) in found.items()}


def uv_environment(environment: Mapping[str, str], pip: Mapping[str, str], *, configured: bool) -> dict[str, str]:
    """The environment for uv: the operator's, with pip's index and certificates where uv was told none.

    Args:
        environment: Of this process.
        pip: Settings of pip, from ``pip_settings``.
        configured: Whether a user-level or system-level ``uv.toml`` names an index.
    """
    made = {name: value for name, value in environment.items() if name not in _UV_DROPPED and name != "VIRTUAL_ENV"}
    if not configured and not any(environment.get(name) for name in _UV_OWN_INDEX) and "index-url" in pip:
        made["UV_DEFAULT_INDEX"] = pip["index-url"]
    for name, setting in (("SSL_CERT_FILE", "cert"), ("SSL_CLIENT_CERT", "client-cert"), ("ALL_PROXY", "proxy")):
        if setting in pip and not environment.get(name):
            made[name] = pip[setting]
    if "trusted-host" in pip and not environment.get("UV_INSECURE_HOST"):
        made["UV_INSECURE_HOST"] = pip["trusted-host"]
    return made


def has_uv_index(environment: Mapping[str, str]) -> bool:
    """Whether the operator named an index for uv: then pip takes it too, unless pip was told another."""
    return any(environment.get(name) for name in _UV_INDEX)


def build_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What code of a package gets to see while it is built: the way to the index, and nothing else of the operator.

    The last three make what it builds follow from its files alone, as far as its tools honour them.
    """
    kept = {name: value for name, value in environment.items() if _FOR_BUILDING.fullmatch(name)}
    return {**kept, "SOURCE_DATE_EPOCH": "315532800", "PYTHONHASHSEED": "0", "TZ": "UTC"}


def pip_environment(environment: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    """The environment for pip: the operator's way to the index, with uv's index where pip was told none."""
    made = {name: value for name, value in environment.items() if not name.startswith("PIP_") or name in _PIP_KEPT}
    told = next((environment[name] for name in _UV_INDEX if environment.get(name)), "")
    if told and "index-url" not in pip:
        made["PIP_INDEX_URL"] = told
    return made | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def npm_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for npm: the operator's.

    Inside ``npm run``, npm hands every setting of the project's .npmrc on as lower-case ``npm_config_*``; those are not
    the operator's. Its own user-level file is read again by the npm that is started. Where the environment says nothing
    about it, npm waits 2 and 10 seconds before it asks a silent registry again, not 10 and 60.
    """
    inside_npm = "npm_lifecycle_event" in environment
    dropped = ("npm_config_", "npm_package_", "npm_lifecycle_") if inside_npm else ()
    made = {name: value for name, value in environment.items() if not (dropped and name.startswith(dropped))}
    told = {name.lower() for name in made}
    return made | {name: value for name, value in _NPM_WAITS.items() if name not in told}


def ignored_project_settings(pyproject: Mapping[str, object], files: Iterable[str]) -> tuple[str, ...]:
    """One line for each setting inside the plugin's folder that would choose an index and does not count.

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
