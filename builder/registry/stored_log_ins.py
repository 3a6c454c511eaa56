"""Credentials that ``docker login`` and credential helpers stored, read by the ``docker`` library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from builder.network.secret_text import SecretText
from builder.quoting import printable
from builder.registry.registry_failures import RegistryAccessDeniedError
from builder.registry.registry_log_in import RegistryCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.registry.registry_log_in import CredentialSource


def stored_credentials(registry: str, environ: Mapping[str, str]) -> CredentialSource:
    """The source of the stored credentials for a registry; nothing is read before a registry asks for a log-in.

    Args:
        registry: Host, and port if it has one; ``docker.io`` for Docker Hub.
        environ: The process's environment, which may name the folder by ``DOCKER_CONFIG``.
    """
    return lambda: _read(registry, environ)


def _read(registry: str, environ: Mapping[str, str]) -> RegistryCredentials | None:
    file = _config_file(environ)
    if file is None:
        return None
    try:
        from docker import auth
        from docker.errors import DockerException
    except ImportError:
        msg = f"{registry} asks for a log-in, and the library that reads {file} is not installed."
        raise RegistryAccessDeniedError(msg, hint='Install it: `pip install "biot-plugin-kit[image]"`.') from None
    try:
        config = auth.load_config(str(file), credstore_env=dict(environ))
        found = config.resolve_authconfig(registry)
    except (DockerException, ValueError, LookupError, AttributeError, TypeError, OSError) as error:
        # Not the error itself: its text or its cause may quote what a credential helper printed.
        msg = f"The log-in for {registry} in {file} cannot be read ({printable(type(error).__name__, 60)})."
        raise RegistryAccessDeniedError(msg, hint=f"Run `docker login {registry}` again.") from None
    values = {str(key).lower(): str(value) for key, value in (found or {}).items() if value}
    token = values.get("identitytoken")
    if token is None and not (values.get("username") and values.get("password")):
        return None
    return RegistryCredentials(
        username=values.get("username", ""),
        password=SecretText(values.get("password", "")),
        identity_token=SecretText(token) if token else None,
    )


def _config_file(environ: Mapping[str, str]) -> Path | None:
    """Docker's configuration file; None when there is none."""
    if folder := environ.get("DOCKER_CONFIG"):
        file = Path(folder) / "config.json"
    elif home := environ.get("HOME") or environ.get("USERPROFILE"):
        file = Path(home) / ".docker" / "config.json"
    else:
        return None
    return file if file.is_file() else None
