"""The environment variables of the server. What BioT needs (``BIOT_…``) is in ``plugin/settings.py``."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

# These can also come from a mounted file, whose path is in the variable with _FILE at its end.
SECRETS = ("BIOT_SERVICE_USER_ID", "BIOT_SERVICE_USER_SECRET_KEY")


class WrongSettingError(Exception):
    """A variable has a value that cannot be used. The message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How the plugin is served.

    Attributes:
        host: The address to listen on. 127.0.0.1 is this machine only, 0.0.0.0 everyone.
        port: The port to listen on.
        timeout: Seconds until a call is answered with 504. On Lambda, plugin.toml's ``timeout`` is the limit.
        threads: How many calls run at the same time. Others wait.
        behind_proxy: Whether the last address in ``x-forwarded-for`` is the caller's, because a proxy wrote it.
        drain: Seconds after SIGTERM in which the server still takes calls, while ``/health`` already says 503.
    """

    host: str
    port: int
    timeout: float
    threads: int
    behind_proxy: bool
    drain: float


def read_server_settings(environ: Mapping[str, str]) -> ServerSettings:
    """Read the settings from the environment.

    Raises:
        WrongSettingError: A value is not a number, or is too small or too large.
    """
    return ServerSettings(
        host=environ.get("SERVER_HOST", "127.0.0.1"),
        port=int(number(environ, "SERVER_PORT", 8080, (0, 65535))),
        timeout=number(environ, "SERVER_TIMEOUT", 30, (0.1, 900)),
        threads=int(number(environ, "SERVER_THREADS", 16, (1, 1000))),
        behind_proxy=environ.get("SERVER_BEHIND_PROXY", "false").lower() == "true",
        drain=number(environ, "SERVER_DRAIN", 5, (0, 300)),
    )


def number(environ: Mapping[str, str], name: str, default: float, limits: tuple[float, float]) -> float:
    """Return the number in this variable."""
    try:
        value = float(environ.get(name) or default)
    except ValueError:
        value = float("nan")
    if not limits[0] <= value <= limits[1]:
        raise WrongSettingError(f"{name} must be a number from {limits[0]} to {limits[1]}")
    return value


def read_secret_files(environ: MutableMapping[str, str]) -> None:
    """Set ``BIOT_SERVICE_USER_ID`` and ``BIOT_SERVICE_USER_SECRET_KEY`` from mounted files, if the files are named.

    Raises:
        WrongSettingError: A file cannot be read.
    """
    for name in SECRETS:
        file = environ.get(f"{name}_FILE")
        if not file:
            continue
        try:
            environ[name] = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongSettingError(f"{name}_FILE: {file} cannot be read ({type(error).__name__})") from None
