"""The environment variables that BioT sets for the plugin.

Reading never fails, so that even a plugin without configuration can answer and log. A missing value fails where it is
needed: without the address of BioT no token can be checked, so a call that needs a token is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from plugin.errors import ConfigurationError

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
LOG_LEVELS = frozenset({"DEBUG", "INFO", "WARN", "WARNING", "ERROR"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration of this plugin. Use the methods for values that BioT must have set."""

    app_name: str
    environment: str
    log_level: str
    base_url: str
    service_user_id: str
    service_user_secret_key: str = field(repr=False)

    def url(self, path: str) -> str:
        """Return the address of one of BioT's APIs.

        Raises:
            ConfigurationError: BIOT_BASE_URL is missing, or not https (plain http is for a local BioT on this machine).
        """
        address = urlsplit(self.base_url)
        local = address.scheme == "http" and address.hostname in LOOPBACK_HOSTS
        if not address.hostname or not (local or address.scheme == "https"):
            raise ConfigurationError("BIOT_BASE_URL must be set to an https address, such as https://api.example.com")
        return self.base_url.rstrip("/") + path

    def credentials(self) -> dict[str, str]:
        """Return the service user's id and secret key in the form that BioT's login expects.

        Raises:
            ConfigurationError: One of the two variables is missing.
        """
        if not self.service_user_id:
            raise ConfigurationError("BIOT_SERVICE_USER_ID is not set")
        if not self.service_user_secret_key:
            raise ConfigurationError("BIOT_SERVICE_USER_SECRET_KEY is not set")
        return {"id": self.service_user_id, "secretKey": self.service_user_secret_key}


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from the environment."""
    log_level = environ.get("LOG_LEVEL", "INFO").upper()
    return Settings(
        app_name=environ.get("BIOT_APP_NAME", "unknown"),
        environment=environ.get("BIOT_SERVICE_ENVIRONMENT", "unknown"),
        log_level=log_level if log_level in LOG_LEVELS else "INFO",
        base_url=environ.get("BIOT_BASE_URL", ""),
        service_user_id=environ.get("BIOT_SERVICE_USER_ID", ""),
        service_user_secret_key=environ.get("BIOT_SERVICE_USER_SECRET_KEY", ""),
    )
